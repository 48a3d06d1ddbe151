"""Values as the report words them: devices, conditions, numbers with their units."""

from collections.abc import Sequence

from lwisp_bench.devices.conditions import Conditions
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.results.record import Record

Fact = tuple[str, str]
UNKNOWN = "-"
"""For what a device or runner doesn't report."""
RUNNERS = {
    "python": "harness's worker",
    "native": "benchmark_model",
    "app": "demo app",
    "wasm": "WebAssembly",
    "webgpu": "WebGPU",
}


def milliseconds(value: float | None) -> str:
    """A time to three digits, without its unit."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}" if value >= 1000 else f"{value:#.3g}" if value < 10 else f"{value:.1f}"


def megabytes(value: int | None) -> str:
    """A size with its unit; 1 MB is 10^6 bytes."""
    if value is None:
        return UNKNOWN
    return f"{value / 1e9:.1f} GB" if value >= 1e9 else f"{value / 1e6:.3g} MB"


def decibels(value: float | None) -> str:
    """A PSNR; equal pictures have none."""
    return "equal" if value is None else f"{value:.2f} dB"


def title(record: Record) -> str:
    """A case's model, device and setup."""
    setup = record.setup
    threads = "threads unknown" if setup.threads is None else f"{setup.threads} thread{'s'[: setup.threads != 1]}"
    by_name = setup.tool is not None or setup.runner in ("wasm", "webgpu")
    runner = f", {RUNNERS[setup.runner]}" if by_name else ""
    return f"{record.subject.name} · {record.device.name} · {threads}, {setup.affinity} CPUs, {setup.mode}{runner}"


def device_facts(device: DeviceDescription) -> list[Fact]:
    """A device's card; what isn't reported is left out."""
    facts = [
        ("model", device.model),
        ("processor", device.processor),
        ("architecture", device.abi or device.machine),
        ("CPUs", _cpus(device)),
        ("kernels chosen by", " ".join(device.features or ()) or None),
        ("memory", None if device.memory_bytes is None else megabytes(device.memory_bytes)),
        ("system", device.os or device.system),
        ("kernel", device.kernel),
        ("build", device.build),
        ("emulated by", device.emulator),
    ]
    return [(name, value) for name, value in facts if value is not None]


def condition_rows(before: Conditions, after: Conditions) -> list[tuple[str, str, str]]:
    """Readings before and after the runs: name, then both; those that neither reports are left out."""
    pairs = zip(_readings(before), _readings(after))
    rows = [(name, first or UNKNOWN, second or UNKNOWN) for (name, first), (_, second) in pairs if first or second]
    return rows


def _readings(state: Conditions) -> list[tuple[str, str | None]]:
    battery = state.battery
    hottest = max(state.zones, key=lambda zone: zone.celsius, default=None)
    return [
        ("thermal status", None if state.thermal_status is None else str(state.thermal_status)),
        ("hottest zone", None if hottest is None else f"{hottest.celsius:.1f} °C ({hottest.kind})"),
        ("battery", None if battery is None or battery.celsius is None else f"{battery.celsius:.1f} °C"),
        ("charge", None if battery is None or battery.level_percent is None else f"{battery.level_percent} %"),
        ("governor", _distinct([clock.governor for clock in state.clocks])),
        ("CPU clocks", _gigahertz([clock.current_khz for clock in state.clocks])),
        ("allowed up to", _gigahertz([clock.cap_khz for clock in state.clocks])),
        ("load, 1 min", None if state.load_1_min is None else f"{state.load_1_min:.2f}"),
        ("memory available", None if state.available_bytes is None else megabytes(state.available_bytes)),
    ]


def _cpus(device: DeviceDescription) -> str | None:
    clocks = _gigahertz([cpu.max_khz for cpu in device.cpus])
    count = None if device.cpu_count is None else str(device.cpu_count)
    return count if clocks is None else f"{count or len(device.cpus)}, {clocks}"


def _gigahertz(khz: Sequence[int | None]) -> str | None:
    known = sorted({value for value in khz if value is not None})
    if not known:
        return None
    ends = f"{known[0] / 1e6:.2f}" if len(known) == 1 else f"{known[0] / 1e6:.2f} to {known[-1] / 1e6:.2f}"
    return f"{ends} GHz"


def _distinct(names: Sequence[str | None]) -> str | None:
    return ", ".join(sorted({name for name in names if name is not None})) or None
