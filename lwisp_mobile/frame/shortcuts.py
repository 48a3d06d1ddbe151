"""One picture in one call: load a model, develop, and let the model go."""

from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.session import DEFAULT_TARGET
from lwisp_mobile.frame.developer import Developed, Developer, DevelopOptions, PictureType
from lwisp_mobile.raw.hints import NO_HINTS, RawHints
from lwisp_mobile.raw.image import RawImage


@overload
def develop(
    raw: RawImage | str | Path,
    *,
    bundle: Bundle | str | Path = ...,
    precision: str = ...,
    threads: int = ...,
    target: Target = ...,
    exposure_ev: float = ...,
    max_memory_bytes: int | None = ...,
) -> NDArray[np.float32]: ...


@overload
def develop(
    raw: RawImage | str | Path,
    *,
    dtype: type[PictureType],
    bundle: Bundle | str | Path = ...,
    precision: str = ...,
    threads: int = ...,
    target: Target = ...,
    exposure_ev: float = ...,
    max_memory_bytes: int | None = ...,
) -> NDArray[PictureType]: ...


def develop(
    raw: RawImage | str | Path,
    *,
    bundle: Bundle | str | Path = "lwisp",
    precision: str = "int8",
    threads: int = 2,
    target: Target = DEFAULT_TARGET,
    exposure_ev: float = 0.0,
    dtype: Any = np.float32,
    max_memory_bytes: int | None = None,
) -> NDArray[Any]:
    """Develop one RAW frame into an array; `develop_file` writes a picture instead.

    The model is loaded for this one call, which takes as long as a small picture; use a `Developer` for several.
    raw: a RAW file, decoded in this process, or a frame of `read_raw`, which also takes hints. bundle, precision,
    threads, target: as for `Developer`. exposure_ev, dtype, max_memory_bytes, and what is returned and raised: as for
    `Developer.develop`.
    """
    with Developer(bundle, precision=precision, threads=threads, target=target) as developer:
        return developer.develop(raw, exposure_ev=exposure_ev, dtype=dtype, max_memory_bytes=max_memory_bytes)


def develop_file(
    source: str | Path,
    output: str | Path,
    *,
    bundle: Bundle | str | Path = "lwisp",
    precision: str = "int8",
    threads: int = 2,
    target: Target = DEFAULT_TARGET,
    exposure_ev: float = 0.0,
    hints: RawHints = NO_HINTS,
    max_memory_bytes: int | None = None,
) -> Developed:
    """Develop one RAW file into a picture file: .png or .jpg (8 bits), or .tif (16 bits); EXIF is kept.

    hints: what the RAW file doesn't say, or says wrongly. The other options are those of `develop`.
    Raises a RawError, BundleError, ModelError, UsageError or ImageError; then no picture is written.
    """
    options = DevelopOptions(exposure_ev, hints, max_memory_bytes)
    with Developer(bundle, precision=precision, threads=threads, target=target) as developer:
        return developer.develop_file(source, output, options)
