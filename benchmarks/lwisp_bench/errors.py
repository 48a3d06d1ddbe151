"""The harness's branch of the error tree."""

from lwisp_mobile.errors import LwispError


class BenchError(LwispError):
    """Base of the harness's errors."""


class DeviceError(BenchError):
    """A device that can't be used."""


class NoDeviceError(DeviceError):
    """No such device is attached, or several are and none was named."""


class UnreachableError(DeviceError):
    """Nothing answers at the device's address."""


class UnauthorisedError(DeviceError):
    """The device doesn't trust this host."""


class HostKeyError(DeviceError):
    """The device's SSH host key isn't the one this host knows, or isn't known yet."""


class DeviceLostError(DeviceError):
    """The device answered before and no longer does."""


class DeviceFullError(DeviceError):
    """The device has no room left."""


class MissingPythonError(DeviceError):
    """The device has no Python to run the worker."""


class MissingRuntimeError(DeviceError):
    """The device's Python has no LiteRT or no numpy."""


class DownloadError(DeviceError):
    """What a device needs can't be downloaded to this host."""


class UnsupportedDeviceError(DeviceError):
    """The device's processor isn't ARM."""


class WorkerError(BenchError):
    """The measuring program failed on the device."""


class NativeToolError(BenchError):
    """benchmark_model doesn't run on the device, refuses the model, or its output isn't understood."""


class ResultsError(BenchError):
    """A results file that can't be read, or results that can't be compared."""


class VirtualDeviceError(BenchError):
    """A virtual device can't be built or booted on this machine; the message says which part is missing."""


class CounterError(BenchError):
    """Instructions can't be counted on this machine or for this model; the message says why."""


class PeerError(BenchError):
    """Another network can't be converted by the export chain, or doesn't run, for a comparison."""
