"""A contact sheet: crops of RAW files developed by a bundle beside LibRaw's rendering, at 100 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lwisp_export.evaluation.classical import finish, libraw_ahd
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.frame.developer import Developer, open_all
from lwisp_mobile.output.picture import orient, to_8_bit
from lwisp_mobile.progress import Progress
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.serialize.files import atomic_write

CROP_PX = 320
CROPS = 3
LABEL_PX = 16
BLOCK_PX = 8
_GAP_PX = 4

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Rendering:
    """One upright picture of a frame."""

    label: str
    rgb: F32
    """(H, W, 3) sRGB in [0, 1]."""


def draw_sheet(path: Path, frames: Sequence[NamedRaw], bundle: Bundle, threads: int, progress: Progress) -> None:
    """All frames by all of a bundle's models and by LibRaw, in one PNG. progress: called with each frame's name."""
    blocks = []
    with open_all(bundle, threads) as developers:
        for frame in frames:
            progress(frame.name)
            blocks.append(block(render(frame.raw, frame.name, developers)))
    write_sheet(path, blocks)


def render(raw: RawImage, name: str, developers: Mapping[str, Developer]) -> tuple[Rendering, ...]:
    """A frame by each developer and by LibRaw (AHD, the same white balance, matrix and tone; no denoising).

    A frame without a colour matrix is rendered by LibRaw with the reference camera's.
    """
    ours = [Rendering(f"{name}, {label}", developer.develop(raw)) for label, developer in developers.items()]
    matrix = raw.camera_to_srgb or REFERENCE_CAMERA.to_srgb
    classical = orient(finish(libraw_ahd(raw), matrix), raw.orientation)
    return (*ours, Rendering(f"{name}, LibRaw", classical))


def block(renderings: Sequence[Rendering]) -> U8:
    """A frame's columns, one per rendering: the whole picture, reduced, then the crops with the most detail."""
    places = busiest(renderings[-1].rgb, CROPS)
    columns = [[_label(one.label), _whole(one.rgb), *(_cut(one.rgb, at) for at in places)] for one in renderings]
    return np.hstack([np.vstack(column) for column in columns])


def write_sheet(path: Path, blocks: Sequence[U8]) -> None:
    """All frames side by side in one PNG."""
    height = max(one.shape[0] for one in blocks)
    padded = [np.pad(one, ((0, height - one.shape[0]), (0, _GAP_PX), (0, 0))) for one in blocks]
    with atomic_write(path) as temporary:
        Image.fromarray(np.hstack(padded)).save(temporary, format="PNG")


def busiest(rgb: F32, count: int) -> list[tuple[int, int]]:
    """Top and left of the squares of CROP_PX with the most detail, none overlapping another.

    Detail is measured on means over squares of BLOCK_PX, where noise averages out.
    """
    height, width = (side // BLOCK_PX for side in rgb.shape[:2])
    blocks = rgb[: height * BLOCK_PX, : width * BLOCK_PX].mean(axis=2).reshape(height, BLOCK_PX, width, BLOCK_PX)
    means = blocks.mean(axis=(1, 3))
    detail = np.abs(np.diff(means, axis=0))[:, :-1] + np.abs(np.diff(means, axis=1))[:-1]
    side = CROP_PX // BLOCK_PX
    tops, lefts = (range(0, max(1, extent - side), side // 2) for extent in detail.shape)
    places = [
        (float(detail[t : t + side, x : x + side].mean()), t * BLOCK_PX, x * BLOCK_PX) for t in tops for x in lefts
    ]
    chosen: list[tuple[int, int]] = []
    for _, top, left in sorted(places, reverse=True):
        if len(chosen) < count and all(max(abs(top - t), abs(left - x)) >= CROP_PX for t, x in chosen):
            chosen.append((top, left))
    return chosen


def _cut(rgb: F32, at: tuple[int, int]) -> U8:
    return _framed(to_8_bit(rgb[at[0] : at[0] + CROP_PX, at[1] : at[1] + CROP_PX]))


def _whole(rgb: F32) -> U8:
    image = Image.fromarray(to_8_bit(rgb))
    image.thumbnail((CROP_PX, CROP_PX), Image.Resampling.LANCZOS)
    return _framed(np.asarray(image))


def _framed(picture: U8) -> U8:
    framed = np.zeros((CROP_PX + _GAP_PX, CROP_PX + _GAP_PX, 3), np.uint8)
    framed[: picture.shape[0], : picture.shape[1]] = picture
    return framed


def _label(text: str) -> U8:
    image = Image.new("RGB", (CROP_PX + _GAP_PX, LABEL_PX))
    ImageDraw.Draw(image).text((2, 2), text, fill=(255, 255, 255))
    return np.asarray(image)
