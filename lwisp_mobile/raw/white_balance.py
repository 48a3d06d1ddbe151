"""White balance: the gains to use, out of what the file says and what the user asks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.errors import RawError, WhiteBalanceError
from lwisp_mobile.raw.cfa import site_order
from lwisp_mobile.raw.color import check_gains, grey_world_gains, scale_gains
from lwisp_mobile.raw.color_temperature import WhitePoint
from lwisp_mobile.raw.dng_color import D65, CameraColor
from lwisp_mobile.raw.hints import Sites, temperature_and_tint
from lwisp_mobile.raw.image import Gains

UNSATURATED = 0.98
"""Grey-world leaves out cells with a site above this share of the white level."""


@dataclass(frozen=True)
class FileBalance:
    """Gains of R, G, B as a file holds them, unchecked; None where it holds none."""

    as_shot: Gains | None = None
    daylight: Gains | None = None
    as_shot_white: WhitePoint | None = None
    """The as-shot white point, of files that give no gains."""
    color: CameraColor | None = None
    """The camera's colours, which turn a light's temperature into gains."""


@dataclass(frozen=True)
class Balance:
    """The gains to use, smallest 1, and what to tell the user about their origin."""

    gains: Gains
    note: str | None = None


ColorMeans = Callable[[], Gains]
"""Measures the mosaic's mean R, G, B above black."""


def choose_gains(choice: str | Gains, said: FileBalance, color_means: ColorMeans) -> Balance:
    """Gains by a choice as `RawHints.white_balance` has it.

    color_means: called for grey-world, and to tell what would help. Raises WhiteBalanceError if the file doesn't hold
    what is asked for, or holds it wrongly; the message says what helps for this file.
    """
    if not isinstance(choice, str):
        return Balance(scale_gains(choice), f"White balance as given: {_text(scale_gains(choice))}.")
    if choice == "auto-fallback":
        return _first_that_works(said, color_means)
    try:
        gains = _gains(choice, said, color_means)
    except WhiteBalanceError as error:
        raise WhiteBalanceError(f"{error} {_advice(choice, said, color_means)}") from error
    if choice == "as-shot":
        return Balance(gains)
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


def _gains(choice: str, said: FileBalance, color_means: ColorMeans) -> Gains:
    """Gains by a name or a temperature. Raises WhiteBalanceError without advice."""
    if choice == "grey-world":
        return grey_world_gains(color_means())
    light = temperature_and_tint(choice)
    if light is not None:
        if said.color is None:
            raise WhiteBalanceError(f"{choice} needs the camera's colour matrix, which the file doesn't hold.")
        return said.color.gains_at_temperature(*light)
    gains, white = (said.as_shot, said.as_shot_white) if choice == "as-shot" else (said.daylight, D65)
    if gains is None and white is not None and said.color is not None:
        gains = said.color.gains_at(white)
    if gains is None:
        raise WhiteBalanceError(f"The file holds no {choice} white balance.")
    return check_gains(gains, choice)


def _first_that_works(said: FileBalance, color_means: ColorMeans) -> Balance:
    """As-shot, else daylight, else grey-world, with a note unless it's as-shot."""
    problem = None
    for choice in ("as-shot", "daylight", "grey-world"):
        try:
            gains = _gains(choice, said, color_means)
        except WhiteBalanceError as error:
            problem = problem or error
        else:
            return Balance(gains, None if problem is None else f"{problem} {choice} is used instead: {_text(gains)}.")
    raise WhiteBalanceError(f"{problem} Neither daylight nor grey-world works. Give gains: --white-balance R,G,B.")


def _advice(choice: str, said: FileBalance, color_means: ColorMeans) -> str:
    """What helps for this file: each choice that works, with its gains."""
    ways = list(_ways(choice, said, color_means))
    return (
        f"For this file, --white-balance can be {', '.join(ways)} or R,G,B (for example 1.9,1,1.6)."
        if ways
        else ("Give gains for this file: --white-balance R,G,B (for example 1.9,1,1.6).")
    )


def _ways(failed: str, said: FileBalance, color_means: ColorMeans) -> Iterator[str]:
    for choice in ("as-shot", "daylight", "5200K", "grey-world"):
        if choice == failed:
            continue
        try:
            gains = _gains(choice, said, color_means)
        except RawError:
            continue
        yield f"{choice} ({_text(gains)})"


def _text(gains: Gains) -> str:
    return ", ".join(f"{gain:.4g}" for gain in gains)
