"""The error tree: whatever a user can cause is a LwispError whose message says what to do next.

LwispError
├── UsageError                  an option or argument that can't be used
├── MissingExtraError           a package that an optional feature needs isn't installed
├── RawError                    a RAW file that can't be developed
│   ├── RawFormatError          truncated, empty, not a RAW file, or not of the declared size
│   ├── UnsupportedSensorError  not a Bayer mosaic
│   ├── WhiteBalanceError       missing or absurd white balance
│   ├── CfaError                an unknown filter order, or sides that can't be packed
│   └── SandboxError            the decoding process crashed or exceeded its limits
├── ModelError                  a model that can't be run
│   ├── ContractError           a contract is missing, broken or of an unknown version
│   ├── BundleError             a bundle's files are missing or don't match their hashes
│   │   └── SignatureError      a bundle isn't signed by the expected key
│   └── DelegateError           the requested delegate doesn't run the whole graph
├── ImageError                  an output picture that can't be written
└── NonFiniteError              NaN or infinity where a finite number is needed
"""


class LwispError(Exception):
    """Base of every error this package raises on purpose."""


class UsageError(LwispError):
    """An option or argument that can't be used."""


class MissingExtraError(LwispError):
    """A package of an optional extra isn't installed; the message names the pip command."""


class RawError(LwispError):
    """A RAW file that can't be developed."""


class RawFormatError(RawError):
    """The file is truncated, empty, of another type or of another size than declared."""


class UnsupportedSensorError(RawError):
    """The sensor isn't a 2x2 Bayer mosaic."""


class WhiteBalanceError(RawError):
    """The white balance is missing or absurd, and no other was chosen."""


class CfaError(RawError):
    """The colour filter order is unknown or the mosaic's sides can't be packed."""


class SandboxError(RawError):
    """The process that decodes a RAW file crashed, or exceeded its memory or time."""


class ModelError(LwispError):
    """A model that can't be run."""


class ContractError(ModelError):
    """A model contract is missing, of an unknown version, or broken."""


class BundleError(ModelError):
    """A bundle's files are missing or don't match the hashes in its contract."""


class SignatureError(BundleError):
    """A bundle isn't signed by the expected key."""


class DelegateError(ModelError):
    """The requested delegate doesn't run the whole graph."""


class ImageError(LwispError):
    """An output picture that can't be written."""


class NonFiniteError(LwispError):
    """NaN or infinity in an array that must be finite."""


def missing_runtime(error: ImportError) -> MissingExtraError:
    """Build the error for a missing engine, which is a dependency of the package itself."""
    return MissingExtraError(f"ai-edge-litert isn't installed ({error}). Run: pip install 'ai-edge-litert>=2.3,<3'")


def require_extra(package: str, extra: str, error: ImportError) -> MissingExtraError:
    """Build the error for a missing package, naming the pip command that installs it."""
    return MissingExtraError(
        f"{package} isn't installed ({error}). Run: pip install 'lwisp-mobile[{extra}]' (in a checkout: '.[{extra}]')"
    )
