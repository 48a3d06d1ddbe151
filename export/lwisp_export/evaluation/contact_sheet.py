"""A contact sheet: crops of RAW files at 100 %, developed by a model, by LibRaw as it comes, and by LibRaw in our tone.

The second column shows tone and exposure as other software has them; the third differs from ours in demosaicing and
noise alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lwisp_export.evaluation.classical import finish, libraw_ahd, libraw_picture
from lwisp_export.evaluation.crop_places import Place, find_places, place_at
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.tiles import NamedRaw
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import InputContract
from lwisp_mobile.frame.developer import Developer
from lwisp_mobile.output import geometry
from lwisp_mobile.output.picture import to_8_bit
from lwisp_mobile.preprocess.curve import inverse_curve
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.progress import Progress
from lwisp_mobile.raw.cfa import unpack
from lwisp_mobile.raw.image import RawImage
from lwisp_mobile.serialize.files import atomic_write

CROP_PX = 400
TITLE_PX, LABEL_PX = 28, 22
_GAP_PX = 6
_PAPER, _INK, _MARK = (32, 32, 32), (235, 235, 235), (255, 210, 0)
_BLACK_DN, _WHITE_DN = 2048, 65535

U8 = NDArray[np.uint8]


@dataclass(frozen=True)
class SheetOptions:
    """What a sheet shows."""

    precision: str = "int8"
    at: tuple[tuple[int, int], ...] = ()
    """Column and row of chosen places' middles, in pixels of the finished picture."""
    threads: int = 2


@dataclass(frozen=True)
class Rendering:
    """One finished picture of a frame: cut out and turned upright."""

    label: str
    rgb: U8
    """(H, W, 3) sRGB."""


def draw_sheet(
    path: Path, frames: Sequence[NamedRaw], bundle: Bundle, options: SheetOptions, progress: Progress
) -> None:
    """All frames, one below the other, in one PNG. progress: is given each frame's name.

    Raises UsageError if a chosen place isn't in a picture, and as `Developer` does.
    """
    blocks = []
    with Developer(bundle, precision=options.precision, threads=options.threads) as developer:
        for frame in frames:
            progress(frame.name)
            blocks.append(block(frame.name, render(frame.raw, developer), options.at))
    write_sheet(path, blocks)


def render(raw: RawImage, developer: Developer) -> tuple[Rendering, Rendering, Rendering]:
    """A frame by a model, by LibRaw with its own brightness, and by LibRaw with the model's input and tone.

    LibRaw has the frame's own white balance and matrix, or the reference camera's matrix where the frame has none.
    """
    contract = developer.session.contract
    matrix = raw.camera_to_srgb or REFERENCE_CAMERA.to_srgb
    known = replace(raw, camera_to_srgb=matrix)
    alike = finish(libraw_ahd(balanced(known, contract.input)), matrix, contract.rendered_tone)
    return (
        Rendering(f"{contract.name} {contract.precision}", developer.develop(raw, dtype=np.uint8)),
        Rendering("LibRaw as it comes", to_8_bit(geometry.finish(libraw_picture(known), raw))),
        Rendering(f"LibRaw, same light and tone as {contract.name}", to_8_bit(geometry.finish(alike, raw))),
    )


def balanced(raw: RawImage, contract: InputContract) -> RawImage:
    """The frame after the runtime's pre-processing but for colour: a 16-bit mosaic whose white is balanced.

    Bad pixels, lens shading and exposure are as the model's own, so that what's made of it is as bright.
    """
    neutral = replace(contract, planes=contract.planes[:4], reference_to_srgb=None)
    packed = prepare(raw, neutral)
    light = unpack(inverse_curve(packed.planes, neutral.curve_offset))
    light = light[packed.top_px :, packed.left_px :][: packed.height_px, : packed.width_px]
    mosaic = np.rint(light * np.float32(_WHITE_DN - _BLACK_DN) + np.float32(_BLACK_DN)).astype(np.uint16)
    return RawImage(mosaic, raw.cfa, (_BLACK_DN,) * 4, _WHITE_DN, (1.0, 1.0, 1.0), raw.camera_to_srgb)


def block(name: str, renderings: Sequence[Rendering], at: Sequence[tuple[int, int]]) -> U8:
    """One frame: its name, the columns' headings, the whole pictures reduced, and a row for each place."""
    # By LibRaw's own brightness: the same places whatever the model and its tone.
    judged = renderings[1].rgb
    height, width = judged.shape[:2]
    places = [*(place_at(x, y, (height, width), CROP_PX) for x, y in at), *find_places(judged, CROP_PX)]
    sheet_px = len(renderings) * (CROP_PX + _GAP_PX) - _GAP_PX
    rows = [
        _text(f"{name}, {width}x{height} px", sheet_px, TITLE_PX),
        _row([_text(one.label, CROP_PX, LABEL_PX) for one in renderings]),
        _row([_overview(one.rgb, places) for one in renderings]),
    ]
    for number, place in enumerate(places, start=1):
        rows += [
            _text(f"{number}  {place.label}, 100 %", sheet_px, LABEL_PX),
            _row([_cut(one.rgb, place) for one in renderings]),
        ]
    return np.vstack(rows)


def write_sheet(path: Path, blocks: Sequence[U8]) -> None:
    """All frames one below the other in one PNG."""
    with atomic_write(path) as temporary:
        Image.fromarray(np.vstack(blocks)).save(temporary, format="PNG")


def _row(cells: Sequence[U8]) -> U8:
    gap = np.full((cells[0].shape[0], _GAP_PX, 3), _PAPER, np.uint8)
    return np.hstack([part for cell in cells for part in (gap, cell)][1:])


def _cut(rgb: U8, place: Place) -> U8:
    """A square of the picture; paper where the picture is smaller."""
    framed = np.full((CROP_PX, CROP_PX, 3), _PAPER, np.uint8)
    part = rgb[place.top_px : place.top_px + CROP_PX, place.left_px : place.left_px + CROP_PX]
    framed[: part.shape[0], : part.shape[1]] = part
    return framed


def _overview(rgb: U8, places: Sequence[Place]) -> U8:
    """The whole picture, reduced to the column's width, with the places' outlines and numbers."""
    height, width = rgb.shape[:2]
    scale = min(CROP_PX / width, CROP_PX / height)
    image = Image.new("RGB", (CROP_PX, round(height * scale)), _PAPER)
    reduced = (round(width * scale), round(height * scale))
    image.paste(Image.fromarray(rgb).resize(reduced, Image.Resampling.LANCZOS, reducing_gap=3))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for number, place in enumerate(places, start=1):
        left, top, side = (scale * value for value in (place.left_px, place.top_px, place.side_px))
        draw.rectangle((left, top, left + side, top + side), outline=_MARK, width=2)
        draw.text((left + 5, top + 1), str(number), fill=_MARK, font=font, stroke_width=2, stroke_fill=_PAPER)
    return np.asarray(image)


def _text(text: str, width_px: int, height_px: int) -> U8:
    image = Image.new("RGB", (width_px, height_px), _PAPER)
    font = ImageFont.load_default(0.6 * height_px)
    ImageDraw.Draw(image).text((4, height_px / 2), text, fill=_INK, font=font, anchor="lm")
    return np.asarray(image)
