"""The harness's branch of the error tree.

LwispError
└── BenchError
    ├── DeviceError              a device that can't be used, or can't be used any more
    │   ├── NoDeviceError            no such device, or several and none was named
    │   ├── UnreachableError         nothing answers at the address
    │   ├── UnauthorisedError        the device doesn't trust this host
    │   ├── HostKeyError             this host doesn't trust the device's SSH key
    │   ├── DeviceLostError          it answered before and doesn't now
    │   ├── DeviceFullError          no room for the model or its outputs
    │   ├── MissingPythonError       no Python that can run the worker
    │   ├── MissingRuntimeError      Python is there, LiteRT or numpy isn't
    │   └── UnsupportedDeviceError   not an ARM device
    ├── WorkerError              the measuring program failed on the device: a refused model, most often
    ├── NativeToolError          the user's benchmark_model can't run there, or prints an unknown form
    ├── ResultsError             a results file that can't be read or compared
    ├── VirtualDeviceError       a virtual device can't be built or booted on this machine
    ├── PeerError                another network can't be made or run for comparison
    └── CounterError             instructions can't be counted on this machine, or not of this model
"""

from lwisp_mobile.errors import LwispError


class BenchError(LwispError):
    """Base of the harness's errors."""


class DeviceError(BenchError):
    """A device that can't be used, or can't be used any more."""


class NoDeviceError(DeviceError):
    """No such device is attached, or several are and none was named."""


class UnreachableError(DeviceError):
    """Nothing answers at the device's address."""


class UnauthorisedError(DeviceError):
    """The device doesn't trust this host."""


class HostKeyError(DeviceError):
    """The device's SSH host key isn't the one this host knows, or isn't known yet."""


class DeviceLostError(DeviceError):
    """The device answered before and doesn't now."""


class DeviceFullError(DeviceError):
    """The device has no room left."""


class MissingPythonError(DeviceError):
    """The device has no Python that can run the worker."""


class MissingRuntimeError(DeviceError):
    """The device's Python has no LiteRT or no numpy."""


class UnsupportedDeviceError(DeviceError):
    """The device's processor isn't ARM."""


class WorkerError(BenchError):
    """The measuring program failed on the device."""


class NativeToolError(BenchError):
    """The user's benchmark_model can't run on the device, refuses the model, or prints an unknown form."""


class ResultsError(BenchError):
    """A results file that can't be read, or results that can't be compared."""


class VirtualDeviceError(BenchError):
    """A virtual device can't be built or booted on this machine; the message says which part is missing."""


class CounterError(BenchError):
    """Instructions can't be counted on this machine, or not of this model; the message says why."""


class PeerError(BenchError):
    """Another network can't be made by the export chain, or doesn't run, for a comparison."""
