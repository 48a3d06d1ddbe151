"""LW-ISP on phones and boards: camera RAW to sRGB with a small INT8 network.

One picture, as an array or as a file:

    >>> import lwisp_mobile
    >>> rgb = lwisp_mobile.develop("photo.dng")
    >>> rgb.shape, rgb.dtype
    ((512, 511, 3), dtype('float32'))
    >>> developed = lwisp_mobile.develop_file("photo.dng", "photo.jpg")

Several, with the model loaded once:

    >>> import numpy as np
    >>> from lwisp_mobile import Developer, RawHints, read_raw, write_picture
    >>> with Developer("lwisp-lite", precision="int8") as developer:
    ...     raw = read_raw("photo.dng", RawHints(white_balance="daylight"))
    ...     brighter = developer.develop(raw, exposure_ev=1.5, tone="standard", dtype=np.uint8)
    >>> write_picture("brighter.png", brighter, raw.info)

RAW files need the `raw` extra: pip install 'lwisp-mobile[raw]'.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lwisp_mobile.version import __version__

if TYPE_CHECKING:
    from lwisp_mobile.bundle.bundle import Bundle, load_bundle, shipped_bundle
    from lwisp_mobile.contract import ModelContract
    from lwisp_mobile.engine.interpreter import Target
    from lwisp_mobile.engine.session import Session
    from lwisp_mobile.errors import (
        BundleError,
        CfaError,
        ContractError,
        DelegateError,
        ImageError,
        LwispError,
        MissingExtraError,
        ModelError,
        NonFiniteError,
        RawError,
        RawFormatError,
        SandboxError,
        SignatureError,
        UnsupportedSensorError,
        UsageError,
        WhiteBalanceError,
    )
    from lwisp_mobile.frame.developer import Developer, DevelopOptions
    from lwisp_mobile.frame.shortcuts import develop, develop_file
    from lwisp_mobile.output.picture import write_picture
    from lwisp_mobile.preprocess.prepare import prepare
    from lwisp_mobile.raw.corrections import NoiseProfile
    from lwisp_mobile.raw.hints import RawHints
    from lwisp_mobile.raw.image import RawImage
    from lwisp_mobile.raw.reader import read_raw

__all__ = [
    "Bundle",
    "BundleError",
    "CfaError",
    "ContractError",
    "DelegateError",
    "DevelopOptions",
    "Developer",
    "ImageError",
    "LwispError",
    "MissingExtraError",
    "ModelContract",
    "ModelError",
    "NoiseProfile",
    "NonFiniteError",
    "RawError",
    "RawFormatError",
    "RawHints",
    "RawImage",
    "SandboxError",
    "Session",
    "SignatureError",
    "Target",
    "UnsupportedSensorError",
    "UsageError",
    "WhiteBalanceError",
    "__version__",
    "develop",
    "develop_file",
    "load_bundle",
    "prepare",
    "read_raw",
    "shipped_bundle",
    "write_picture",
]

_MODULES = {
    "Bundle": "bundle.bundle",
    "DevelopOptions": "frame.developer",
    "Developer": "frame.developer",
    "ModelContract": "contract",
    "NoiseProfile": "raw.corrections",
    "RawHints": "raw.hints",
    "RawImage": "raw.image",
    "Session": "engine.session",
    "Target": "engine.interpreter",
    "develop": "frame.shortcuts",
    "develop_file": "frame.shortcuts",
    "load_bundle": "bundle.bundle",
    "prepare": "preprocess.prepare",
    "read_raw": "raw.reader",
    "shipped_bundle": "bundle.bundle",
    "write_picture": "output.picture",
}
"""Where a name is defined; the errors, which aren't here, in `errors`."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name at its first use, so that `lwisp --help` and decoding processes don't load all of it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return __all__
