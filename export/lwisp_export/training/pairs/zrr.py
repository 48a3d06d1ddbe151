"""Zurich RAW to RGB (ZRR; Ignatov, Van Gool and Timofte, CVPR Workshops 2020): Huawei P20 mosaics, Canon 5D pictures.

    train/huawei_raw/N.png    16-bit grey PNG, one RGGB mosaic of 448x448, 10-bit values, N from 0
    train/canon/N.jpg         the picture, 448x448
    test/...                  the same

The authors pack a mosaic as B = [1::2, 1::2], "Gb" = [0::2, 1::2], R = [0::2, 0::2], "Gr" = [1::2, 0::2] and divide
by 4 * 255, without subtracting black. Their plane order is this project's R, Gr, Gb, B permuted (their "Gb" is the
green in red's row, named Gr here); planes keep this project's order, because the runtime packs no other.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lwisp_export.student.config import SIZE_MULTIPLE
from lwisp_export.training.pairs.file_listing import PairFiles, check_matched, list_files, read_pixels
from lwisp_export.training.pairs.file_pairs import FilePairs, InputFormat
from lwisp_export.training.pairs.pair_set import F32
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.image import RawImage

ZRR_SCALE = 4 * 255.0
"""What the authors divide mosaics by; `lwisp develop` needs it as --white 1020, with --black 0."""
ZRR_MAX = 2**10 - 1
"""The sensor's largest value. The three above the scale are clipped to white."""
ZRR_INPUT = InputContract(
    size_multiple=SIZE_MULTIPLE, subtract_black=False, white_balance=False, reference_to_srgb=None
)
"""One phone's own RAW: black, white balance and camera colour are left to the student; the curve, for 8 bits, stays."""

_LAYOUT = (
    "ZRR holds train/huawei_raw/N.png, train/canon/N.jpg, test/huawei_raw/N.png and test/canon/N.jpg; "
    "give the folder that holds train and test."
)


def open_zrr(folder: Path, validation_count: int | None = None) -> FilePairs:
    """The dataset in its published layout: trained on train, validated on test.

    validation_count: validate on at most so many, spread evenly over test (all 1,204 take 4 GB); None: on all.
    Raises UsageError if a folder is missing, a number has only one file, or the first pairs are of another format.
    """
    test = _list_split(folder, "test")
    every = max(1, math.ceil(len(test) / (validation_count or len(test))))
    pairs = FilePairs(_list_split(folder, "train"), test[::every], ZRR_FORMAT)
    pairs.check_first()
    return pairs


def _list_split(folder: Path, split: str) -> tuple[PairFiles, ...]:
    mosaics = list_files(folder / split / "huawei_raw", ".png", _LAYOUT)
    pictures = list_files(folder / split / "canon", ".jpg", _LAYOUT)
    strange = [path for stem, path in {**mosaics, **pictures}.items() if not stem.isdecimal()]
    if strange:
        raise UsageError(f"{strange[0]}: the name isn't a number. {_LAYOUT}")
    check_matched(folder / split, mosaics, pictures, ("huawei_raw", "canon"))
    return tuple(PairFiles(f"{split}/{number}", split, mosaics[number], pictures[number]) for number in mosaics)


def read_mosaic(path: Path) -> NDArray[np.uint16]:
    """Read a mosaic, (H, W) uint16. Raises UsageError if it isn't a 16-bit grey PNG of 10-bit values."""
    mosaic = np.asarray(read_pixels(path, "I;16", "a grey PNG of 16 bits (mode I;16) with one mosaic"), np.uint16)
    largest = int(mosaic.max())
    if largest > ZRR_MAX:
        raise UsageError(
            f"{path}: the largest value is {largest}; ZRR's mosaics have 10 bits, at most {ZRR_MAX}. These are of "
            "another camera or were rescaled: unpack the published files, or shift the values back to 10 bits."
        )
    return mosaic


def pack_mosaic(mosaic: NDArray[Any]) -> F32:
    """An RGGB mosaic (H, W) uint16 to planes (H/2, W/2, 4), by the runtime's own steps under ZRR_INPUT."""
    raw = RawImage(
        mosaic, "RGGB", black_level=(0, 0, 0, 0), white_level=ZRR_SCALE, wb_gains=(1, 1, 1), camera_to_srgb=None
    )
    return prepare(raw, ZRR_INPUT).planes


ZRR_FORMAT = InputFormat(read_mosaic, pack_mosaic, cell_px=2)
