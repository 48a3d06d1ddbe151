"""White balance: the gains to use, out of what the file says and what the user asks for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import WhiteBalanceError
from lwisp_mobile.raw.cfa import site_order
from lwisp_mobile.raw.color import check_gains, grey_world_gains, scale_gains
from lwisp_mobile.raw.hints import Sites
from lwisp_mobile.raw.image import Gains

UNSATURATED = 0.98
"""Grey-world leaves out cells with a site above this share of the white level."""


@dataclass(frozen=True)
class FileBalance:
    """Gains of R, G, B as a file holds them, unchecked; None where it holds none."""

    as_shot: Gains | None = None
    daylight: Gains | None = None


@dataclass(frozen=True)
class Balance:
    """The gains to use, smallest 1, and what to tell the user about their origin."""

    gains: Gains
    note: str | None = None


def choose_gains(choice: str | Gains, said: FileBalance, color_means: Callable[[], Gains]) -> Balance:
    """Gains by a choice out of hints.WHITE_BALANCES, or those given.

    color_means: measures the mosaic's mean R, G, B above black; called for grey-world only.
    Raises WhiteBalanceError if the file's gains are asked for and missing or absurd.
    """
    if not isinstance(choice, str):
        return Balance(scale_gains(choice), f"White balance as given: {_text(scale_gains(choice))}.")
    if choice == "as-shot":
        return Balance(_said_gains(choice, said.as_shot))
    gains = _said_gains(choice, said.daylight) if choice == "daylight" else grey_world_gains(color_means())
    return Balance(gains, f"White balance {choice} instead of as-shot: {_text(gains)}.")


def mean_colors(mosaic: NDArray[np.uint16], cfa: str, black: Sites, white: float) -> Gains:
    """Mean R, G, B above black over the 2x2 cells in which no site is saturated.

    mosaic: (H, W) uint16. Returns sensor values; all 0 if every cell is saturated.
    """
    rows, columns = mosaic.shape[0] // 2 * 2, mosaic.shape[1] // 2 * 2
    sites = [mosaic[site // 2 : rows : 2, site % 2 : columns : 2] for site in range(4)]
    usable = np.logical_and.reduce([site < UNSATURATED * white for site in sites])
    if not usable.any():
        return 0.0, 0.0, 0.0
    means = [float(site[usable].mean(dtype=np.float64)) - level for site, level in zip(sites, black)]
    red, green_r, green_b, blue = (means[site] for site in site_order(cfa))
    return red, (green_r + green_b) / 2, blue


def _said_gains(choice: str, gains: Gains | None) -> Gains:
    if gains is None:
        raise WhiteBalanceError(
            f"The file holds no {choice} white balance. Choose another with --white-balance "
            "grey-world or R,G,B (for example 1.9,1,1.6), or white_balance in a sidecar."
        )
    return check_gains(gains, choice)


def _text(gains: Gains) -> str:
    return ", ".join(f"{gain:.4g}" for gain in gains)
