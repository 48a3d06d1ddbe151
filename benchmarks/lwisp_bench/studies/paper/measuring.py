"""Every contestant in turns, each time in a fresh process, and what it makes of the paper's claims."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

from lwisp_bench.devices.base import Device
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import PeerError
from lwisp_bench.runners.python_worker import RunOptions, run_worker
from lwisp_bench.studies.paper.contestants import PYNET, Contestant, Engine, Weights
from lwisp_bench.studies.peers.run_onnx import OnnxOrder, OnnxResult
from lwisp_bench.suite.setups import Setup
from lwisp_bench.suite.subjects import Subject
from lwisp_bench.worker.job import Limits
from lwisp_mobile.engine.xnnpack_coverage import Coverage
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

PAPER_PARAMETERS, PAPER_MACS, PAPER_SPEED = 23, 81, 15
"""LW-ISP against PyNET, as the paper's abstract has it: fewer parameters, less computation, faster by at least this."""
LIMITS = Limits(min_runs=2, min_s=1, rule="both", min_warm_up=1, max_warm_up_s=0)
"""Of one contestant in one round: PyNET takes seconds a run."""
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class PaperRow:
    """A contestant's cost, and how much less that is than PyNET's on the same engine."""

    name: str
    engine: Engine
    engine_version: str
    precision: str
    weights: Weights
    parameters: int | None
    macs: int | None
    file_bytes: int
    p50_ms: float
    mad_ms: float
    """Median absolute deviation."""
    samples_ms: tuple[float, ...]
    """Inference alone, all rounds in order."""
    peak_bytes: int | None
    """Largest resident memory of the process."""
    own_bytes: int | None
    """The same, less what the process had before the model was loaded."""
    coverage: Coverage | None
    """Null for ONNX Runtime."""
    fewer_parameters: float | None
    fewer_macs: float | None
    faster: float
    less_memory: float | None
    """By own_bytes."""


@dataclass(frozen=True)
class PaperReport:
    """The table, with where and how it came about."""

    clock: Literal["wall"]
    device: DeviceDescription
    threads: int
    side_px: int
    """Packed; the picture has twice that."""
    rounds: int
    rows: tuple[PaperRow, ...]
    paper_fewer_parameters: int = PAPER_PARAMETERS
    paper_fewer_macs: int = PAPER_MACS
    paper_faster: int = PAPER_SPEED


@dataclass(frozen=True)
class _Run:
    """One contestant in one round."""

    engine_version: str
    wall_ms: tuple[float, ...]
    before_bytes: int | None
    peak_bytes: int | None
    coverage: Coverage | None


Step = Callable[[str], None]


def measure_paper(entries: Sequence[Contestant], threads: int, side_px: int, rounds: int, step: Step) -> PaperReport:
    """Run every contestant once a round. entries: with PyNET on every engine that occurs.

    Raises WorkerError or PeerError if a model doesn't run.
    """
    runs: list[list[_Run]] = [[] for _ in entries]
    with Device(LocalTransport()) as device:
        for number in range(rounds):
            for entry, found in zip(entries, runs):
                step(f"round {number + 1} of {rounds}: {entry.name}, {entry.precision}, {entry.engine}")
                found.append(_run(device, entry, threads))
        description = device.describe()
    peers = {entry.engine: (entry, found) for entry, found in zip(entries, runs) if entry.name == PYNET}
    rows = tuple(_row(entry, found, *peers[entry.engine]) for entry, found in zip(entries, runs))
    return PaperReport("wall", description, threads, side_px, rounds, rows)


def _run(device: Device, entry: Contestant, threads: int) -> _Run:
    if entry.subject is not None:
        return _run_litert(device, entry.subject, threads)
    if entry.onnx is None:
        raise PeerError(f"{entry.name} has no model for {entry.engine}.")
    return _run_onnx(entry.onnx, threads)


def _run_litert(device: Device, subject: Subject, threads: int) -> _Run:
    options = RunOptions(gate=None, timeout_s=TIMEOUT_S)
    result = run_worker(device, subject, Setup(threads, limits=LIMITS), options).result
    engine, memory = result.runtime.version or version("ai-edge-litert"), result.memory
    return _Run(engine, result.samples.wall_ms, memory.before_load_bytes, memory.peak_bytes, result.coverage)


def _run_onnx(model: Path, threads: int) -> _Run:
    with tempfile.TemporaryDirectory(prefix="lwisp-onnx-") as temporary:
        order, result = Path(temporary) / "order.json", Path(temporary) / "result.json"
        order.write_text(to_json(OnnxOrder(str(model), threads, LIMITS)))
        command = [sys.executable, "-m", "lwisp_bench.studies.peers.run_onnx", str(order), str(result)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise PeerError(f"ONNX Runtime doesn't run {model.name} ({last_line(done.stderr)}).")
        found = from_dict(OnnxResult, json.loads(result.read_text()), "result.json", PeerError)
    return _Run(found.version, found.wall_ms, found.before_load_bytes, found.peak_bytes, None)


def _row(entry: Contestant, runs: Sequence[_Run], peer: Contestant, peer_runs: Sequence[_Run]) -> PaperRow:
    samples = np.array(_samples(runs))
    p50 = float(np.median(samples))
    own = _own_bytes(runs)
    return PaperRow(
        name=entry.name,
        engine=entry.engine,
        engine_version=runs[0].engine_version,
        precision=entry.precision,
        weights=entry.weights,
        parameters=entry.parameters,
        macs=entry.macs,
        file_bytes=entry.file_bytes,
        p50_ms=p50,
        mad_ms=float(np.median(np.abs(samples - p50))),
        samples_ms=_samples(runs),
        peak_bytes=max((run.peak_bytes for run in runs if run.peak_bytes is not None), default=None),
        own_bytes=own,
        coverage=runs[0].coverage,
        fewer_parameters=_ratio(peer.parameters, entry.parameters),
        fewer_macs=_ratio(peer.macs, entry.macs),
        faster=float(np.median(_samples(peer_runs))) / p50,
        less_memory=_ratio(_own_bytes(peer_runs), own),
    )


def _samples(runs: Sequence[_Run]) -> tuple[float, ...]:
    return tuple(sample for run in runs for sample in run.wall_ms)


def _own_bytes(runs: Sequence[_Run]) -> int | None:
    pairs = [(run.peak_bytes, run.before_bytes) for run in runs]
    return max((peak - before for peak, before in pairs if peak is not None and before is not None), default=None)


def _ratio(peer: int | None, own: int | None) -> float | None:
    return peer / own if peer and own else None
