"""A large frame within a memory budget: its peak memory, and its time against that of its multiply-adds alone.

Each frame is developed in a process of its own, whose peak is held against the budget. Once that process has its
mosaic, this one makes the host supply the memory (see `first_touch`). The multiply-add rate is measured right before
and right after each frame on the same model, at a cache-friendly size: a machine that slows down affects both.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from math import ceil
from pathlib import Path
from subprocess import PIPE

import numpy as np

from lwisp_bench.studies.first_touch import FirstTouch, touch_memory
from lwisp_bench.studies.mac_rate import Rate, measure_rate
from lwisp_mobile.bundle.bundle import Bundle, load_bundle
from lwisp_mobile.child_process import child_environment, python_command
from lwisp_mobile.errors import ModelError, UsageError
from lwisp_mobile.frame.developer import Developer, DevelopOptions
from lwisp_mobile.frame.executor import StageTime
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

RATE_PX = 256
"""Packed side at which the rate is measured by default."""
RATE_RUNS = 3
"""Runs per round of the rate's two measurements."""
MAX_TOUCH_BYTES = 1_000_000_000
"""Limit of the memory that the host is made to supply before a frame: the budget, or this if it is less."""
_STATUS = Path("/proc/self/status")
_MATRIX = ((1.7, -0.5, -0.2), (-0.3, 1.65, -0.35), (0.02, -0.55, 1.53))
"""A camera's colour matrix, so that the colour step has work to do."""


@dataclass(frozen=True)
class FrameCase:
    """The frame, the model and the budget."""

    bundle: str
    """Its folder or .zip."""
    precision: str
    threads: int
    max_memory_bytes: int
    height_px: int
    """Of the mosaic."""
    width_px: int


@dataclass(frozen=True)
class StageSplit:
    """One stage of a frame."""

    time: StageTime
    tile_height_px: int
    """Packed px, halo included."""
    tile_width_px: int
    tiles: int


@dataclass(frozen=True)
class FrameSample:
    """One frame in a fresh process."""

    load_ms: float
    """Opening the developer: the model loaded, its weights packed for each worker. Once per process."""
    wall_ms: float
    """From the mosaic in memory to the 8-bit picture in memory."""
    again_ms: float
    """The same again with the same session."""
    kernel_ms: float
    """CPU time of all workers in the kernel during the first frame: page faults, including the host's part."""
    kernel_again_ms: float
    """The same during the second frame."""
    context: StageTime
    """The sample's, from which the image-wide quantities are taken before the first stage."""
    stages: tuple[StageSplit, ...]
    mode: str
    workers: int
    """Threads that ran tiles of their own."""
    macs: float
    """Multiply-adds that were run, halos included."""
    planned_peak_bytes: int
    peak_bytes: int
    """Of the process, including Python and the mosaic."""


@dataclass(frozen=True)
class FrameTurn:
    """A frame, the same again, and the rate measured before and after them."""

    memory: FirstTouch
    frame: FrameSample
    gmacs_per_s: float
    limit_ms: float
    """Time of the frame's multiply-adds, without halos, at that rate."""

    @property
    def ratio(self) -> float:
        """Wall time of the first frame over the limit."""
        return self.frame.wall_ms / self.limit_ms

    @property
    def ratio_again(self) -> float:
        """Wall time of the second frame over the limit."""
        return self.frame.again_ms / self.limit_ms


@dataclass(frozen=True)
class FrameReport:
    """Every turn of one case."""

    case: FrameCase
    frame_macs: float
    """Multiply-adds of the network as trained for a frame of this size."""
    turns: tuple[FrameTurn, ...]
    median_ratio: float
    """Of first frames, each in a new process."""
    median_ratio_again: float
    """Of second frames, which reuse the session's buffers if the budget lets them stay."""
    work_factor: float
    """Multiply-adds run over those of the frame: the cost of halos, repeats and duplicated channels of INT8."""
    peak_bytes: int
    """The largest of all turns."""
    runtime: str
    machine: str
    cpus: int
    clock: str = "wall"

    @property
    def within_budget(self) -> bool:
        """Whether every turn's peak is within the budget."""
        return self.peak_bytes <= self.case.max_memory_bytes


def measure_frame(
    bundle: Bundle, case: FrameCase, turns: int, *, rate_px: int = RATE_PX, python: str = sys.executable
) -> FrameReport:
    """Develop a synthetic frame and measure the rate, in turns.

    rate_px: packed side at which the rate is measured. python: of the frame's process.

    Raises UsageError without turns or pixels, and on systems that don't report a process's peak memory; ModelError if
    the process fails, as it does on a budget below what the frame needs.
    """
    if turns < 1 or min(case.height_px, case.width_px) < 2:
        raise UsageError(
            f"{turns} turns of {case.width_px}x{case.height_px} px can't be measured; give 1 turn and 2x2 px or more."
        )
    if not _STATUS.exists():
        raise UsageError(f"{_STATUS} isn't there, so a process's peak memory can't be read; measure on Linux.")
    contract = bundle.model(case.precision).contract
    multiple = 2 * contract.input.size_multiple
    packed_px = ceil(case.height_px / multiple) * ceil(case.width_px / multiple) * (multiple / 2) ** 2
    macs = contract.macs_per_packed_px * packed_px
    taken = tuple(_turn(bundle, case, macs, rate_px, python) for _ in range(turns))
    return FrameReport(
        case=case,
        frame_macs=macs,
        turns=taken,
        median_ratio=float(np.median([turn.ratio for turn in taken])),
        median_ratio_again=float(np.median([turn.ratio_again for turn in taken])),
        work_factor=taken[0].frame.macs / macs,
        peak_bytes=max(turn.frame.peak_bytes for turn in taken),
        runtime=f"ai-edge-litert {version('ai-edge-litert')}",
        machine=platform.machine(),
        cpus=os.cpu_count() or 0,
    )


def synthetic_frame(height_px: int, width_px: int) -> RawImage:
    """A deterministic 12-bit mosaic of noise on a gradient: one strip repeated, to save memory."""
    rng = np.random.default_rng(0)
    strip = rng.normal(0, 30, (64, width_px)) + np.linspace(200, 3000, width_px)
    mosaic = np.empty((height_px, width_px), np.uint16)
    for top in range(0, height_px, len(strip)):
        mosaic[top : top + len(strip)] = np.clip(strip, 0, 4095)[: height_px - top]
    return RawImage(mosaic, "RGGB", (64.0,) * 4, 4095.0, (2.0, 1.0, 1.6), _MATRIX)


def worker() -> None:
    """The frame's process. Takes a FrameCase as JSON in argv, writes a line when ready, waits for one on stdin.

    Then it develops and writes a FrameSample as JSON.
    """
    case = from_dict(FrameCase, json.loads(sys.argv[1]), "the case")
    bundle = load_bundle(Path(case.bundle))
    raw = synthetic_frame(case.height_px, case.width_px)
    options = DevelopOptions(max_memory_bytes=case.max_memory_bytes)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    start = time.perf_counter()
    with Developer(bundle, precision=case.precision, threads=case.threads) as developer:
        load_ms = 1e3 * (time.perf_counter() - start)
        kernel_ms = [_kernel_ms()]
        first = developer.run(raw, options, np.uint8)
        run = replace(
            first, rgb=np.empty((0, 0, 3), np.uint8)
        )  # frees the first picture, which the second frame's budget excludes
        del first
        kernel_ms.append(_kernel_ms())
        again_ms = developer.run(raw, options, np.uint8).wall_ms
        kernel_ms.append(_kernel_ms())
    splits = tuple(
        StageSplit(time, plan.height_px, plan.width_px, len(plan.tiles))
        for time, plan in zip(run.stages[1:], run.plan.stages)
    )
    peak = int(_STATUS.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) * 1024
    sample = FrameSample(
        load_ms,
        run.wall_ms,
        again_ms,
        kernel_ms[1] - kernel_ms[0],
        kernel_ms[2] - kernel_ms[1],
        run.stages[0],
        splits,
        run.plan.mode,
        run.plan.workers,
        run.plan.macs,
        run.plan.peak_bytes,
        peak,
    )
    sys.stdout.write(to_json(sample))


def _kernel_ms() -> float:
    """CPU time of this process in the kernel, to about 10 ms."""
    return 1e3 * os.times().system


def _turn(bundle: Bundle, case: FrameCase, macs: float, rate_px: int, python: str) -> FrameTurn:
    rates: list[Rate] = []

    def measure() -> None:
        rates.append(measure_rate(bundle, case.precision, rate_px, case.threads, RATE_RUNS).model)

    memory, frame = _develop_apart(case, python, before=measure)
    measure()
    rate = replace(rates[0], samples_ms=rates[0].samples_ms + rates[1].samples_ms)
    return FrameTurn(memory, frame, rate.gmacs_per_s, macs / rate.gmacs_per_s / 1e6)


def _develop_apart(case: FrameCase, python: str, before: Callable[[], None]) -> tuple[FirstTouch, FrameSample]:
    """Develop in another process. before: called when that is ready and waiting."""
    code = f"from {__name__} import worker; worker()"
    command = python_command("-c", code, json.dumps(asdict(case)), python=python)
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, env=child_environment()) as child:
        assert child.stdout is not None
        memory = None
        if child.stdout.readline():
            before()
            # Last: a hypervisor reclaims free memory within a second.
            memory = touch_memory(min(case.max_memory_bytes, MAX_TOUCH_BYTES))
        text, errors = child.communicate("go\n")
    if child.returncode != 0 or memory is None:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise ModelError(f"The process that develops the frame failed (exit status {child.returncode}): {last}")
    return memory, from_dict(FrameSample, json.loads(text), "the frame's process", ModelError)
