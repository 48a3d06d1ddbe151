"""How a model is measured: runner, threads, CPUs, mode and limits."""

from dataclasses import dataclass
from typing import Literal

from lwisp_bench.devices.description import Cpu, DeviceDescription
from lwisp_bench.worker.job import Limits
from lwisp_mobile.errors import UsageError

ModeName = Literal["quick", "official", "sustained"]
MODES: dict[ModeName, Limits] = {
    "quick": Limits(min_runs=100, min_s=10, rule="either"),
    "official": Limits(min_runs=1024, min_s=60, rule="both"),  # as MLPerf Mobile
    "sustained": Limits(min_runs=1, min_s=600, rule="both"),
}


RunnerName = Literal["python", "native", "app", "wasm", "webgpu"]
"""The harness's worker, benchmark_model, the Android demo app, or a browser's two ways."""


@dataclass(frozen=True)
class NativeTool:
    """The benchmark_model, and its flags beyond those the harness sets."""

    sha256: str | None
    """Null for LiteRT's prebuilt one, which each device gets for its own ABI: the runtime's facts hold its hash."""
    flags: tuple[str, ...] = ()
    launches: int = 20
    """Each is a sample; `compare` asks for 20 at least."""


@dataclass(frozen=True)
class Setup:
    """How one model is measured."""

    threads: int | None = 1
    """None: not reported by the runner (the app on a GPU)."""
    affinity: str = "all"
    """`all`, `big`, `little`, or CPU numbers as `0,2-3`."""
    mode: Literal["quick", "official", "sustained", "app"] = "quick"
    """`app`: the demo app's own limits."""
    limits: Limits = MODES["quick"]
    runner: RunnerName = "python"
    tool: NativeTool | None = None
    """For the runner `native`; for `app` the app's file and what it runs on."""

    def __post_init__(self) -> None:
        """Check the number of threads."""
        if self.threads is None and self.runner != "app":
            raise UsageError(f"The runner {self.runner} needs a number of threads.")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads is {self.threads}; give 1 or more.")


def choose_cpus(affinity: str, device: DeviceDescription) -> tuple[int, ...] | None:
    """The CPUs to pin to; None for `all`.

    Raises UsageError on another word, or if the device doesn't distinguish big and little cores.
    """
    if affinity == "all":
        return None
    if affinity not in ("big", "little"):
        return _numbers(affinity)
    sizes = {cpu.index: _size(cpu) for cpu in device.cpus}
    known = {size for size in sizes.values() if size is not None}
    if len(known) < 2 or None in sizes.values():
        raise UsageError(
            f"{device.name} doesn't distinguish big and little cores; give CPU numbers, such as --affinity 0,2-3."
        )
    wanted = max(known) if affinity == "big" else min(known)
    return tuple(index for index, size in sizes.items() if size == wanted)


def _size(cpu: Cpu) -> int | None:
    return cpu.max_khz if cpu.capacity is None else cpu.capacity


def _numbers(text: str) -> tuple[int, ...]:
    try:
        spans = [part.split("-", 1) for part in text.split(",")]
        found = {cpu for span in spans for cpu in range(int(span[0]), int(span[-1]) + 1)}
    except ValueError:
        found = set()
    if not found:
        raise UsageError(f"--affinity {text!r} isn't all, big, little, or CPU numbers such as 0,2-3.")
    return tuple(sorted(found))
