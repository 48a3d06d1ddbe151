"""demosaicnet: Gharbi, Chaurasia, Paris and Durand, "Deep Joint Demosaicking and Denoising", SIGGRAPH Asia 2016.

The released weights for Bayer mosaics, of pictures without noise, on the square root of white-balanced light; colour
and tone are the oracle's, as in `classical`. Needs the package of that name, which isn't one of this project's.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lwisp_export.evaluation.classical import Pipeline, balanced_mosaic
from lwisp_mobile.errors import MissingExtraError, UsageError
from lwisp_mobile.raw.image import RawImage

INSTALL = "pip install demosaicnet==0.0.14 'setuptools<80'"
MARGIN_PX = 31
"""What unpadded convolutions take off each side."""
MACS_PER_PX = (16 * 3 + 9 * 4 * 64 + 13 * 9 * 64 * 64 + 9 * 64 * 128 + 64 * 12 + 12 * 4) / 4 + 9 * 6 * 64 + 64 * 3
"""Multiply-adds per pixel of the picture: fifteen 3x3 convolutions at half its size, two layers at its own."""
_PLANES = "RGB"
_FIRST = "GRBG"

F32 = NDArray[np.float32]


def load_demosaicnet() -> Pipeline:
    """Load the network. Raises MissingExtraError, with the command that installs it, if the package isn't there."""
    try:
        from demosaicnet import BayerDemosaick  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"demosaicnet isn't here ({error}). Run: {INSTALL}") from error
    network: Any = BayerDemosaick().eval()
    return Pipeline("demosaicnet, oracle", lambda raw: demosaic(raw, network), denoised=False)


@torch.no_grad()
def demosaic(raw: RawImage, network: Any) -> F32:
    """White-balanced linear camera RGB, (H, W, 3) in [0, 1]."""
    height, width = raw.height_px, raw.width_px
    top, left = _offset(raw.cfa)
    around = ((MARGIN_PX + 1 + top, MARGIN_PX + 1 + height % 2), (MARGIN_PX + 1 + left, MARGIN_PX + 1 + width % 2))
    mosaic = np.pad(np.sqrt(balanced_mosaic(raw)), around, mode="reflect")
    planes = np.zeros((3, *mosaic.shape), np.float32)
    for place, color in enumerate(_FIRST):
        site = slice(place // 2, None, 2), slice(place % 2, None, 2)
        planes[(_PLANES.index(color), *site)] = mosaic[site]
    found: F32 = network(torch.from_numpy(planes)[None])[0].numpy()
    # The network's first pixel is the padded mosaic's at MARGIN_PX.
    rgb = found[:, 1 + top :, 1 + left :][:, :height, :width].transpose(1, 2, 0)
    return np.asarray(np.clip(rgb, 0, 1) ** 2, np.float32)


def _offset(cfa: str) -> tuple[int, int]:
    """Rows and columns to add before a mosaic, so that it starts as the network's do."""
    sites = np.array(list(cfa)).reshape(2, 2)
    for top, left in np.ndindex(2, 2):
        if "".join(np.roll(sites, (top, left), (0, 1)).ravel()) == _FIRST:
            return top, left
    raise UsageError(f"demosaicnet has weights for Bayer mosaics, not for {cfa}.")
