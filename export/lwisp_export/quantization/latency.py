"""Latency of several models side by side: run in turns, so that what disturbs the machine disturbs all of them."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from lwisp_export.quantization.model_runner import open_model
from lwisp_mobile.engine.timing import Timing

WARM_UP_RUNS = 3


@dataclass(frozen=True)
class TimingConditions:
    """What the latencies were measured on."""

    machine: str
    processor: str
    runtime: str
    threads: int
    packed_px: int
    """Side of the square input in packed pixels."""
    clock: str = "wall"


def time_in_turns(
    models: Mapping[str, bytes], packed: np.ndarray, runs: int, threads: int
) -> tuple[TimingConditions, dict[str, Timing]]:
    """Time models on one input, each once per round. packed: (side, side, planes) float32 in [0, 1]."""
    opened = {name: open_model(model, threads) for name, model in models.items()}
    samples: dict[str, list[float]] = {name: [] for name in opened}
    for _ in range(WARM_UP_RUNS + runs):
        for name, run in opened.items():
            start = time.perf_counter()
            run(packed)
            samples[name].append(1e3 * (time.perf_counter() - start))
    timings = {
        name: Timing(tuple(found[:WARM_UP_RUNS]), tuple(found[WARM_UP_RUNS:])) for name, found in samples.items()
    }
    return _conditions(threads, len(packed)), timings


def _conditions(threads: int, packed_px: int) -> TimingConditions:
    runtime = f"ai-edge-litert {version('ai-edge-litert')}"
    return TimingConditions(platform.machine(), platform.processor() or "unknown", runtime, threads, packed_px)
