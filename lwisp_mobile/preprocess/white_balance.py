"""White balance: one gain per plane, which also takes sensor values to light in [0, 1]."""

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import InputContract
from lwisp_mobile.raw.color import scale_gains
from lwisp_mobile.raw.image import RawImage

F32 = NDArray[np.float32]


def balance_gains(raw: RawImage, contract: InputContract) -> tuple[float, float, float, float]:
    """White-balance gains of planes R, Gr, Gb, B, the smallest 1; all 1 where the contract leaves white as it is."""
    red, green, blue = scale_gains(raw.wb_gains) if contract.white_balance else (1.0, 1.0, 1.0)
    return red, green, green, blue


def plane_gains(raw: RawImage, contract: InputContract, black: F32, exposure_gain: float = 1.0) -> F32:
    """What each plane is multiplied by after black: white balance, exposure, 1 / (white - black).

    black: (4,) float32. exposure_gain: where the contract applies exposure before white is clipped. Computed in 64
    bits, rounded once. Returns (4,) float32.
    """
    scale = exposure_gain / (raw.white_level - black.astype(np.float64))
    return np.asarray(np.array(balance_gains(raw, contract)) * scale, np.float32)


def balance(planes: F32, gains: F32) -> F32:
    """Multiply each plane by its gain, in place. planes: (4, h, w). gains: (4,)."""
    planes *= gains[:, None, None]
    return planes
