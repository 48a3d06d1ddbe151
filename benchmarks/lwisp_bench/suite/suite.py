"""Suites: which models, precisions, sizes and threads to measure on which devices; from TOML or the command line."""

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS
from lwisp_bench.runners.native.runner import native_tool, read_tool
from lwisp_bench.runners.python_worker import RunOptions
from lwisp_bench.suite.running import Plan
from lwisp_bench.suite.setups import MODES, ModeName, Setup
from lwisp_bench.suite.subjects import Subject, bundle_subject, file_subject
from lwisp_bench.worker.job import Limits
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.from_dict import from_dict


@dataclass(frozen=True)
class ShapeOverride:
    """A shape for an input of somebody else's model, instead of the file's."""

    input: str
    shape: tuple[int, ...]
    model: str | None = None
    """As in `models`; None: every .tflite that is named."""


@dataclass(frozen=True)
class Suite:
    """What is measured: the product of the lists. Precisions, sizes and raws are for bundles only."""

    models: tuple[str, ...] = ("lwisp",)
    """Names of shipped bundles, bundles' folders, or .tflite files."""
    devices: tuple[str, ...] = ("local",)
    precisions: tuple[str, ...] = ("int8",)
    sizes: tuple[int, ...] = (256,)
    """Packed sides in px."""
    threads: tuple[int, ...] = (1,)
    affinities: tuple[str, ...] = ("all",)
    mode: ModeName = "quick"
    runs: int | None = None
    """Instead of the mode's smallest number of runs."""
    seconds: float | None = None
    """Instead of the mode's shortest time."""
    raws: tuple[str, ...] = ()
    """RAW photographs; without any, a made picture."""
    shapes: tuple[ShapeOverride, ...] = ()
    gate: bool = True
    """Whether a hot or capped device is waited for, and given up."""
    python: str | None = None
    """The devices' Python; None: python3."""
    bring_runtime: bool = False
    """Whether LiteRT and numpy are pushed to the devices; for boards that lack them."""
    ssh_config: str | None = None
    """An ssh_config file instead of the user's own."""
    native: str | None = None
    """A file of TFLite's or LiteRT's benchmark_model, to run instead of the harness's worker."""
    native_flags: tuple[str, ...] = ()
    """What it's told besides, such as --use_gpu=true."""
    clock: Literal["wall", "insn"] = "wall"
    """`insn`: count retired arm64 instructions per inference under emulation instead; devices aren't used."""
    cpus: tuple[str, ...] = tuple(QEMU_CPUS)
    """What `insn` counts for."""

    def __post_init__(self) -> None:
        """Refuse a suite of nothing."""
        for name in ("models", "devices", "precisions", "sizes", "threads", "affinities", "cpus"):
            if not getattr(self, name):
                raise UsageError(f"The suite's {name} are empty; name at least one.")
        if self.clock == "insn" and self.native is not None:
            raise UsageError("The clock insn counts LiteRT's Python, not a native tool; leave one of the two out.")
        if self.clock == "insn" and self.threads != (1,):
            raise UsageError(f"The clock insn counts one thread; threads are {self.threads}. Give 1.")


def read_suite(path: Path) -> Suite:
    """Read a suite; its paths are relative to the file. Raises UsageError on anything that isn't a suite."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} isn't TOML ({error}).") from error
    suite = from_dict(Suite, tree, str(path))
    return replace(
        suite,
        models=tuple(_beside(path, model) if _is_path(model) else model for model in suite.models),
        raws=tuple(_beside(path, raw) for raw in suite.raws),
        shapes=tuple(replace(s, model=None if s.model is None else _beside(path, s.model)) for s in suite.shapes),
        ssh_config=None if suite.ssh_config is None else _beside(path, suite.ssh_config),
        native=None if suite.native is None else _beside(path, suite.native),
    )


def parse_shape(text: str) -> ShapeOverride:
    """Read `input=1,224,224,3`. Raises UsageError if it isn't of that form."""
    name, _, sides = text.rpartition("=")
    try:
        shape = tuple(int(side) for side in sides.split(","))
    except ValueError:
        shape = ()
    if not name or not shape or min(shape) < 1:
        raise UsageError(f"--shape {text!r} isn't like input=1,224,224,3.")
    return ShapeOverride(name, shape)


def plan_of(suite: Suite) -> Plan:
    """Load the models and lay out the cases. Raises what a model that can't be used raises."""
    limits = _limits(suite)
    program = None if suite.native is None else read_tool(Path(suite.native))
    tool = None if program is None else native_tool(program, suite.native_flags)
    setups = (
        Setup(threads, affinity, suite.mode, limits, "python" if tool is None else "native", tool)
        for affinity, threads in itertools.product(suite.affinities, suite.threads)
    )
    return Plan(
        devices=suite.devices,
        subjects=tuple(subject for model in suite.models for subject in _subjects(model, suite)),
        setups=tuple(setups),
        options=RunOptions(suite.python, suite.bring_runtime, GateLimits() if suite.gate else None, native=program),
        ssh_config=None if suite.ssh_config is None else Path(suite.ssh_config),
    )


def _limits(suite: Suite) -> Limits:
    limits = MODES[suite.mode]
    if suite.runs is not None:
        limits = replace(limits, min_runs=suite.runs)
    if suite.seconds is not None:
        limits = replace(limits, min_s=suite.seconds)
    if limits.min_runs < 1 or limits.min_s < 0:
        raise UsageError(f"{limits.min_runs} runs and {limits.min_s} s can't be; give 1 run or more, 0 s or more.")
    return limits


def _subjects(model: str, suite: Suite) -> Iterator[Subject]:
    if model.endswith(".tflite"):
        yield file_subject(Path(model), {s.input: s.shape for s in suite.shapes if s.model in (None, model)})
        return
    raws = [Path(raw) for raw in suite.raws]
    for precision, size in itertools.product(suite.precisions, suite.sizes):
        yield bundle_subject(model, precision, size, raws)


def _is_path(model: str) -> bool:
    return model.endswith(".tflite") or "/" in model


def _beside(suite: Path, path: str) -> str:
    return str(suite.parent / path)
