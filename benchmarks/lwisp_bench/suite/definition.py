"""Suites: which models, precisions, sizes and threads to measure on which devices; from TOML or the command line."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lwisp_bench.cases.setup import ModeName, NativeTool
from lwisp_bench.devices.gate import GateLimits
from lwisp_bench.devices.python_route import Runtime
from lwisp_bench.runners.android_app import Accelerator
from lwisp_bench.runners.instructions.cpus import QEMU_CPUS, check_cpu
from lwisp_bench.runners.native.tool import FETCH
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.toml import read_toml


@dataclass(frozen=True)
class ShapeOverride:
    """A shape for an input of a third-party model, instead of the file's."""

    input: str
    shape: tuple[int, ...]
    model: str | None = None
    """As in `models`; None: every .tflite."""


@dataclass(frozen=True)
class Suite:
    """The product of the lists is measured. Precisions, sizes and raws apply to bundles only."""

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
    """Instead of the mode's minimum number of runs."""
    seconds: float | None = None
    """Instead of the mode's minimum time."""
    raws: tuple[str, ...] = ()
    """RAW photographs; without any, a synthetic picture."""
    shapes: tuple[ShapeOverride, ...] = ()
    gate: bool = True
    """Whether to wait for a hot or throttled device to recover, and skip it if it doesn't."""
    max_celsius: float = GateLimits.max_celsius
    """Of battery and skin, above which the gate waits."""
    max_wait_s: float = GateLimits.max_wait_s
    python: str | None = None
    """The devices' Python; None: python3."""
    runtime: Runtime = "auto"
    """The devices' `own` Python, one `brought` to arm64 devices, or `auto`: their own where it has LiteRT."""
    ssh_config: str | None = None
    """An ssh_config file instead of the user's own."""
    native: str | None = None
    """A benchmark_model binary, TFLite's or LiteRT's, to run instead of the worker; `fetch`: LiteRT's prebuilt one."""
    native_libraries: tuple[str, ...] = ()
    """Shared libraries that it loads, such as an accelerator's."""
    native_flags: tuple[str, ...] = ()
    """Further flags for it, such as --use_gpu=true."""
    launches: int = NativeTool.launches
    """How often it is launched; each launch is a sample."""
    app: str | None = None
    """Run cases in the Android app: its .apk, or nothing for the one that is installed."""
    accelerator: Accelerator = "cpu"
    """What the app runs models on."""
    clock: Literal["wall", "insn"] = "wall"
    """`insn`: count retired arm64 instructions per inference under emulation, without devices."""
    cpus: tuple[str, ...] = tuple(QEMU_CPUS)
    """Emulated CPUs, for `insn`."""

    def __post_init__(self) -> None:
        """Refuse empty lists and unsupported combinations."""
        for name in ("models", "devices", "precisions", "sizes", "threads", "affinities", "cpus"):
            if not getattr(self, name):
                raise UsageError(f"The suite's list of {name} is empty; name at least one.")
        if self.clock == "insn" and self.native is not None:
            raise UsageError("The clock insn counts the harness's worker, not a native tool; leave one of the two out.")
        if self.app is not None and (self.native is not None or self.clock == "insn"):
            raise UsageError("The app is one way of measuring; leave --native and --clock insn out, or --app.")
        if self.app is None and self.accelerator != "cpu":
            raise UsageError("--accelerator is for --app; other runners take delegates by --native-flag.")
        if self.clock == "insn" and self.threads != (1,):
            raise UsageError(f"The clock insn counts one thread; threads are {self.threads}. Give 1.")
        if self.launches < 1:
            raise UsageError(f"launches is {self.launches}; give 1 or more.")
        for cpu in self.cpus:
            check_cpu(cpu)


def read_suite(path: Path) -> Suite:
    """Read a suite; its paths are relative to the file. Raises UsageError if it isn't one."""
    suite = read_toml(Suite, path)
    return replace(
        suite,
        models=tuple(_beside(path, model) if _is_path(model) else model for model in suite.models),
        raws=tuple(_beside(path, raw) for raw in suite.raws),
        shapes=tuple(replace(s, model=None if s.model is None else _beside(path, s.model)) for s in suite.shapes),
        ssh_config=None if suite.ssh_config is None else _beside(path, suite.ssh_config),
        native=suite.native if suite.native in (None, FETCH) else _beside(path, suite.native),
        native_libraries=tuple(_beside(path, library) for library in suite.native_libraries),
        app=_beside(path, suite.app) if suite.app else suite.app,
    )


def parse_shape(text: str) -> ShapeOverride:
    """Parse `input=1,224,224,3`. Raises UsageError on another form."""
    name, _, sides = text.rpartition("=")
    try:
        shape = tuple(int(side) for side in sides.split(","))
    except ValueError:
        shape = ()
    if not name or not shape or min(shape) < 1:
        raise UsageError(f"--shape {text!r} isn't like input=1,224,224,3.")
    return ShapeOverride(name, shape)


def _is_path(model: str) -> bool:
    return model.endswith(".tflite") or "/" in model


def _beside(suite: Path, path: str) -> str:
    return str(suite.parent / path)
