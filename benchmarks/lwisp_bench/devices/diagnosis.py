"""Which devices there are, and what each lacks to be measured."""

from dataclasses import dataclass
from pathlib import Path

from lwisp_bench.devices.adb import adb_program, attached
from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.opening import open_device
from lwisp_bench.devices.transport import last_line, quoted
from lwisp_bench.errors import DeviceError

_PROBE = (
    "import numpy, sys, importlib.metadata as m; found = {d.name for d in m.distributions()}; "
    "names = [n for n in ('ai-edge-litert', 'tflite-runtime') if n in found or n.replace('-', '_') in found]; "
    "names or sys.exit('no LiteRT'); "
    "print('Python ' + sys.version.split()[0], *(n + ' ' + m.version(n) for n in names), sep=', ')"
)


@dataclass(frozen=True)
class Diagnosis:
    """One device; a problem says what to do."""

    name: str
    description: DeviceDescription | None
    runtime: str | None
    """Python and engine."""
    problem: str | None


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
            return _diagnose_runtime(device, python)
    except DeviceError as error:
        return Diagnosis(name, None, None, str(error))


def _diagnose_runtime(device: Device, python: str | None) -> Diagnosis:
    program = python or device.python
    done = device.run(quoted(program, "-c", _PROBE))
    if done.status == 0:
        return Diagnosis(device.name, device.describe(), done.stdout.strip(), None)
    problem = f"{program} can't measure ({last_line(done.stderr)}). Run there: {program} -m pip install ai-edge-litert"
    return Diagnosis(device.name, device.describe(), None, problem)
