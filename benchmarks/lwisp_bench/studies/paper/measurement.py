"""Every contestant in turns, each time in a fresh process, against the paper's claims."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

from lwisp_bench.cases.setup import Setup
from lwisp_bench.cases.subject import Subject
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.local import LocalTransport
from lwisp_bench.devices.transport import last_line
from lwisp_bench.errors import PeerError
from lwisp_bench.runners.remote_worker import WorkerOptions, run_worker
from lwisp_bench.studies.networks.run_onnx import OnnxRequest, OnnxResult
from lwisp_bench.studies.paper.contestants import PYNET, Contestant, Engine, Weights
from lwisp_bench.worker.job import Limits
from lwisp_mobile.child_process import child_environment, python_command
from lwisp_mobile.engine.coverage import Coverage
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.from_dict import from_dict
from lwisp_mobile.serialize.json_text import to_json

PAPER_PARAMETERS, PAPER_MACS, PAPER_SPEED = 23, 81, 15
"""LW-ISP against PyNET by the paper's abstract: factors of parameters, computation and (at least) speed."""
TIMEOUT_S = 900.0


@dataclass(frozen=True)
class PaperOptions:
    """How the contestants are run."""

    side_px: int
    """Packed; the picture's is twice that."""
    threads: int = 2
    rounds: int = 3
    limits: Limits = Limits(min_runs=2, min_s=1, rule="both", min_warm_up=1, max_warm_up_s=0)  # noqa: RUF009  frozen
    """Per contestant and round: PyNET takes seconds a run."""

    def __post_init__(self) -> None:
        """Refuse to measure nothing."""
        if self.rounds < 1 or self.threads < 1:
            raise UsageError(f"{self.rounds} rounds on {self.threads} threads; give 1 or more of each.")


@dataclass(frozen=True)
class PaperRow:
    """A contestant's cost, and factors by which PyNET's on the same engine is larger."""

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
    """Peak resident memory of the process."""
    own_bytes: int | None
    """The same, less the process's memory before the model was loaded."""
    coverage: Coverage | None
    """Null for ONNX Runtime."""
    fewer_parameters: float | None
    fewer_macs: float | None
    faster: float
    less_memory: float | None
    """By own_bytes."""


@dataclass(frozen=True)
class PaperReport:
    """The table, with its device and options."""

    clock: Literal["wall"]
    device: DeviceDescription
    threads: int
    side_px: int
    """Packed; the picture's is twice that."""
    rounds: int
    rows: tuple[PaperRow, ...]
    paper_fewer_parameters: int = PAPER_PARAMETERS
    paper_fewer_macs: int = PAPER_MACS
    paper_faster: int = PAPER_SPEED

    @property
    def student(self) -> PaperRow:
        """LW-ISP in float on LiteRT, the form that the paper compares."""
        form = ("LW-ISP", "float32", "LiteRT")
        return next(row for row in self.rows if (row.name, row.precision, row.engine) == form)

    @property
    def reproduced(self) -> bool:
        """Whether LW-ISP is faster than PyNET by at least the paper's factor."""
        return self.student.faster >= self.paper_faster


@dataclass(frozen=True)
class _Run:
    """One contestant in one round."""

    engine_version: str
    wall_ms: tuple[float, ...]
    before_bytes: int | None
    peak_bytes: int | None
    coverage: Coverage | None


def measure_paper(entries: Sequence[Contestant], options: PaperOptions, progress: Progress) -> PaperReport:
    """Run every contestant once per round. entries: with PyNET on every engine that occurs.

    Raises WorkerError or PeerError if a model doesn't run.
    """
    runs: list[list[_Run]] = [[] for _ in entries]
    with Device(LocalTransport()) as device:
        for number in range(options.rounds):
            for entry, found in zip(entries, runs):
                progress(f"round {number + 1} of {options.rounds}: {entry.name}, {entry.precision}, {entry.engine}")
                found.append(_run(device, entry, options))
        description = device.describe()
    peers = {entry.engine: (entry, found) for entry, found in zip(entries, runs) if entry.name == PYNET}
    rows = tuple(_row(entry, found, *peers[entry.engine]) for entry, found in zip(entries, runs))
    return PaperReport("wall", description, options.threads, options.side_px, options.rounds, rows)


def _run(device: Device, entry: Contestant, options: PaperOptions) -> _Run:
    if entry.subject is not None:
        return _run_litert(device, entry.subject, options)
    if entry.onnx is None:
        raise PeerError(f"{entry.name} has no model for {entry.engine}.")
    return _run_onnx(entry.onnx, options)


def _run_litert(device: Device, subject: Subject, options: PaperOptions) -> _Run:
    setup = Setup(options.threads, limits=options.limits)
    result = run_worker(device, subject, setup, WorkerOptions(timeout_s=TIMEOUT_S)).result
    engine, memory = result.runtime.version or version("ai-edge-litert"), result.memory
    return _Run(engine, result.samples.wall_ms, memory.before_load_bytes, memory.peak_bytes, result.coverage)


def _run_onnx(model: Path, options: PaperOptions) -> _Run:
    with tempfile.TemporaryDirectory(prefix="lwisp-onnx-") as temporary:
        request, result = Path(temporary) / "request.json", Path(temporary) / "result.json"
        request.write_text(to_json(OnnxRequest(str(model), options.threads, options.limits)))
        command = python_command("-m", "lwisp_bench.studies.networks.run_onnx", str(request), str(result))
        environment = child_environment()
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, check=False)
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
