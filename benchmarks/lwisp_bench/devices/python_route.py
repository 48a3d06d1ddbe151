"""Which Python runs the worker on a device: its own, if that can, else one that is brought there."""

from dataclasses import dataclass
from typing import Literal

from lwisp_bench.devices.brought_runtime import MACHINES, bring_runtime
from lwisp_bench.devices.device import Device
from lwisp_bench.devices.transport import last_line, quoted

Runtime = Literal["auto", "own", "brought"]
"""The device's own Python, one that is brought, or its own if that has LiteRT."""

_PROBE = (
    "import numpy, sys, importlib.metadata as m; found = {d.name for d in m.distributions()}; "
    "names = [n for n in ('ai-edge-litert', 'tflite-runtime') if n in found or n.replace('-', '_') in found]; "
    "names or sys.exit('no LiteRT'); "
    "print('Python ' + sys.version.split()[0], *(n + ' ' + m.version(n) for n in names), sep=', ')"
)


@dataclass(frozen=True)
class OwnPython:
    """A device's own Python."""

    program: str
    runtime: str | None
    """Versions of Python and engine; None: it can't run the worker."""
    problem: str | None
    """Why it can't."""


def own_python(device: Device, program: str | None = None) -> OwnPython:
    """Examine a device's Python. program: another than the usual one."""
    name = program or device.python
    done = device.run(quoted(name, "-c", _PROBE))
    if done.status == 0:
        return OwnPython(name, done.stdout.strip(), None)
    return OwnPython(name, None, last_line(done.stderr))


def choose_python(device: Device, program: str | None, runtime: Runtime) -> str:
    """The Python to run the worker by. program: one that the user names. Raises as `bring_runtime`.

    Its own is taken even if it can't run the worker where nothing can be brought: the worker says what it lacks.
    """
    own = program or device.python
    if program is not None or device.name == "local" or runtime == "own":
        return own
    can_bring = device.describe().machine in MACHINES
    if runtime == "auto" and (not can_bring or own_python(device).runtime is not None):
        return own
    return bring_runtime(device)
