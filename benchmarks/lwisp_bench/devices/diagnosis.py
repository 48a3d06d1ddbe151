"""Which devices there are, and the ways to measure on each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lwisp_bench.devices.adb import adb_program, attached
from lwisp_bench.devices.brought_runtime import MACHINES
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.opening import open_device
from lwisp_bench.devices.python_route import own_python
from lwisp_bench.errors import DeviceError


@dataclass(frozen=True)
class Route:
    """One way to measure on a device."""

    name: Literal["own Python", "brought runtime", "native tool", "browser", "app"]
    available: bool
    detail: str
    """What it runs, or why it can't."""
    command: str
    """What to type next: to measure, or to make the route available."""


@dataclass(frozen=True)
class Diagnosis:
    """One device."""

    name: str
    description: DeviceDescription | None
    routes: tuple[Route, ...]
    """Ways to measure on it, the most thorough first."""
    problem: str | None
    """Why it can't be used, and what to do."""


def diagnose(extra: tuple[str, ...], python: str | None, ssh_config: str | Path | None) -> tuple[Diagnosis, ...]:
    """Examine this host, the devices that adb lists, and those in `extra`. Raises UsageError on a bad name."""
    names = ["local", *_adb_names(), *extra]
    return tuple(_diagnose(name, python, ssh_config) for name in dict.fromkeys(names))


def _adb_names() -> list[str]:
    try:
        return [f"adb:{device.serial}" for device in attached(adb_program())]
    except DeviceError:
        return []  # a host without adb has no Android devices to list


def _diagnose(name: str, python: str | None, ssh_config: str | Path | None) -> Diagnosis:
    try:
        with open_device(name, ssh_config) as device:
            return Diagnosis(device.name, device.describe(), _routes(device, python), None)
    except DeviceError as error:
        return Diagnosis(name, None, (), str(error))


def _routes(device: Device, python: str | None) -> tuple[Route, ...]:
    run = f"lwisp bench run MODEL --device {device.name}"
    own = own_python(device, python)
    named = "" if python is None else f" --python {python}"
    if own.runtime is not None:
        first = Route("own Python", True, own.runtime, run + named)
    else:
        install = "python3 -m venv lwisp && lwisp/bin/pip install ai-edge-litert"
        first = Route("own Python", False, f"{own.program}: {own.problem}", f"there: {install}")
    others = [] if device.name == "local" else [_brought(device, run)]
    others.append(Route("native tool", True, "LiteRT's benchmark_model, downloaded", f"{run} --native fetch"))
    if device.name.startswith("adb:"):
        others.append(
            Route("browser", True, "WebAssembly and WebGPU in the phone's browser", "lwisp bench serve MODEL")
        )
        others.append(Route("app", True, "the Android demo, whose results `lwisp bench report` reads", _APP))
    return (first, *others)


def _brought(device: Device, run: str) -> Route:
    machine = device.describe().machine
    if machine in MACHINES:
        return Route("brought runtime", True, "Python and LiteRT, downloaded and pushed once (95 MB)", run)
    return Route("brought runtime", False, f"only for arm64, and this is {machine}", "install Python there")


_APP = "see android_demo/README.md"
