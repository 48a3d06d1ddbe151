"""One picture in one call: load a model, develop, and let the model go."""

from pathlib import Path
from typing import Any, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.engine.interpreter import Target
from lwisp_mobile.engine.precision import AUTO
from lwisp_mobile.engine.session import DEFAULT_TARGET
from lwisp_mobile.frame.developer import (
    Developed,
    Developer,
    DevelopOptions,
    FileOptions,
    PictureOptions,
    PictureType,
)
from lwisp_mobile.raw.image import RawImage


@overload
def develop(
    raw: RawImage | str | Path,
    *,
    bundle: Bundle | str | Path = ...,
    precision: str = ...,
    threads: int = ...,
    target: Target = ...,
    **options: Unpack[PictureOptions],
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
    **options: Unpack[PictureOptions],
) -> NDArray[PictureType]: ...


def develop(
    raw: RawImage | str | Path,
    *,
    bundle: Bundle | str | Path = "lwisp",
    precision: str = AUTO,
    threads: int = 2,
    target: Target = DEFAULT_TARGET,
    dtype: Any = np.float32,
    **options: Unpack[PictureOptions],
) -> NDArray[Any]:
    """Develop one RAW frame into an array; `develop_file` writes a picture instead.

    The model is loaded for this one call, which takes as long as a small picture; use a `Developer` for several.
    raw: a RAW file, decoded in this process, or a frame of `read_raw`, which also takes hints. bundle, precision,
    threads, target: as for `Developer`. dtype, options, and what is returned and raised: as for `Developer.develop`.
    """
    with Developer(bundle, precision=precision, threads=threads, target=target) as developer:
        return developer.develop(raw, dtype=dtype, **options)


def develop_file(
    source: str | Path,
    output: str | Path,
    *,
    bundle: Bundle | str | Path = "lwisp",
    precision: str = AUTO,
    threads: int = 2,
    target: Target = DEFAULT_TARGET,
    **options: Unpack[FileOptions],
) -> Developed:
    """Develop one RAW file into a picture file: .png or .jpg (8 bits), or .tif (16 bits); EXIF is kept.

    The options are those of `develop`, and hints: what the RAW file doesn't say, or says wrongly; strip_gps: leave the
    place out of the picture's Exif.
    Raises a RawError, BundleError, ModelError, UsageError or ImageError; then no picture is written.
    """
    with Developer(bundle, precision=precision, threads=threads, target=target) as developer:
        return developer.develop_file(source, output, DevelopOptions(**options))
