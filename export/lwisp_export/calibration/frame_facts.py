"""Facts of one frame's light and colour that int8 ranges depend on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import MOSAIC_PLANES, InputContract
from lwisp_mobile.raw.image import RawImage

CLIPPED = 0.999
"""Prepared values from here up are clipped white."""
SHADOW = 0.02
"""Linear light below which a quad lies in shadow."""
_LIT = 0.05
"""Linear light above which a quad's colour is more than noise."""
THUMBNAIL_PX = 16


@dataclass(frozen=True)
class FrameFacts:
    """Shares are of the frame's 2x2 quads, in [0, 1]."""

    iso: float | None
    clipped_share: float
    """All four sites at white."""
    shadow_share: float
    out_of_srgb_share: float
    """Lit, and more saturated than sRGB can show."""
    red_over_blue: float
    """Ratio of the white-balance gains: under 0.8 tungsten, above 1.4 shade, on typical phone sensors."""


def frame_facts(raw: RawImage, planes: NDArray[np.float32], contract: InputContract) -> FrameFacts:
    """The facts of a frame. planes: (h, w, planes) float32 in [0, 1], as `prepare` returns them for raw."""
    planes = planes[..., : len(MOSAIC_PLANES)]
    offset = np.float32(contract.curve_offset)
    light = planes**2 * (1 + offset) - offset
    mean = light.mean(axis=-1)
    return FrameFacts(
        iso=raw.info.iso,
        clipped_share=float((planes >= CLIPPED).all(axis=-1).mean()),
        shadow_share=float((mean < SHADOW).mean()),
        out_of_srgb_share=_out_of_srgb(light, mean, contract),
        red_over_blue=float(raw.wb_gains[0] / raw.wb_gains[2]),
    )


def thumbnail(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over a grid of THUMBNAIL_PX cells a side, for telling frames apart; (16, 16, 4)."""
    rows, columns = (side // THUMBNAIL_PX for side in planes.shape[:2])
    cut = planes[: rows * THUMBNAIL_PX, : columns * THUMBNAIL_PX]
    cells = cut.reshape(THUMBNAIL_PX, rows, THUMBNAIL_PX, columns, -1)
    return np.asarray(cells.mean(axis=(1, 3)))


def _out_of_srgb(light: NDArray[np.float32], mean: NDArray[np.float32], contract: InputContract) -> float:
    if contract.reference_to_srgb is None:
        return 0.0
    camera = np.stack([light[..., 0], light[..., 1:3].mean(axis=-1), light[..., 3]], axis=-1)
    srgb = camera @ np.array(contract.reference_to_srgb, np.float32).T
    return float(((srgb.min(axis=-1) < 0) & (mean > _LIT)).mean())
