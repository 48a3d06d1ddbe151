"""LW-ISP on phones and boards: camera RAW to sRGB with a small INT8 network.

from lwisp_mobile import Developer, read_raw, shipped_bundle

with Developer(shipped_bundle("lwisp")) as developer:
rgb = developer.develop(read_raw(Path("photo.dng")))  # (H, W, 3) float32 sRGB in [0, 1]
"""

from lwisp_mobile.bundle.bundle import Bundle, load_bundle, shipped_bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.engine.session import Session
from lwisp_mobile.errors import LwispError
from lwisp_mobile.frame.developer import Developer
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.raw.reader import read_raw

__all__ = [
    "Bundle",
    "Developer",
    "LwispError",
    "ModelContract",
    "RawHints",
    "RawImage",
    "Session",
    "load_bundle",
    "prepare",
    "read_raw",
    "shipped_bundle",
]
