"""Tone: named curves over a neutral picture, which is sRGB-encoded light (IEC 61966-2-1), applied after the network.

Curves work on each value by itself, in additions, multiplications, divisions and square roots alone, so that every
language gets the same bits. A model whose contract says that its pictures are rendered with a curve has that one undone
first. For an 8-bit model all of it is one table over its 256 codes, which costs nothing but shows where codes are far
apart: `contrast` is flat at black and white, so where it's undone 9 of the picture's codes lie between the model's two
darkest and two brightest, and 11 of the 32 darkest codes are left. Smooth shadows need a float model, or one rendered
neutral.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import RenderedTone

Tone = Literal["neutral", "standard", "contrast"]
T = TypeVar("T", bound=np.floating[Any])

DARK_CODES = 32
"""The picture's darkest 8-bit codes, where missing ones show first, as steps."""
NEWTON_STEPS = 4
"""After so many, `contrast` gives its argument back within 2e-7 in 32 bits and 2e-14 in 64."""
_DARKEST = 1e-6


def apply_tone(rgb: NDArray[T], *, rendered: RenderedTone, wanted: Tone) -> NDArray[T]:
    """Change a picture's tone. rgb: any shape, float32 or float64 in [0, 1]; the type is kept.

    rendered: the curve that the picture has already, by the model's contract. The same array if that is wanted.
    """
    if rendered == wanted:
        return rgb
    return _CURVES[wanted](inverse_contrast(rgb) if rendered == "contrast" else rgb)


def tone_table(values: NDArray[np.float32], *, rendered: RenderedTone, wanted: Tone) -> NDArray[np.float32]:
    """The table of an 8-bit model: what each code's value becomes. values: (256,) float32, in the codes' order.

    Where a curve is undone, the largest value counts as white: what is burnt becomes 1, though codes end at 255 / 256.
    Computed in 64 bits and rounded once. Values outside [0, 1] are clipped.
    """
    if rendered == wanted:
        return values
    clipped = np.clip(values.astype(np.float64), 0, 1)
    stretched = clipped / clipped.max() if rendered == "contrast" else clipped
    return apply_tone(stretched, rendered=rendered, wanted=wanted).astype(np.float32)


def tone_note(values: NDArray[np.float32], *, rendered: RenderedTone, wanted: Tone) -> tuple[str, ...]:
    """What a tone costs a picture of an 8-bit model, for the user to read; nothing if no dark code is lost.

    values: as for `tone_table`.
    """
    codes = np.unique(np.rint(tone_table(values, rendered=rendered, wanted=wanted) * 255))
    kept = int(np.count_nonzero(codes < DARK_CODES))
    if rendered == wanted or kept == DARK_CODES:
        return ()
    return (
        f"Tone {wanted} from a model that renders {rendered} in 8 bits: {kept} of the {DARK_CODES} darkest codes are "
        "left, so smooth shadows may show steps. Precision fp16 has none.",
    )


def standard(neutral: NDArray[T]) -> NDArray[T]:
    """A camera's look: y + p (1.2 p - 0.1), p = y (1 - y).

    Black and white are kept, slopes lie between 0.82 and 1.18; a grey card's light, 0.18, becomes code 130.
    """
    product = neutral * (1 - neutral)
    toned: NDArray[T] = neutral + product * (neutral.dtype.type(1.2) * product - neutral.dtype.type(0.1))
    return toned


def contrast(neutral: NDArray[T]) -> NDArray[T]:
    """The S-curve 3 y^2 - 2 y^3: cameras' mean tone curve in Brooks et al., "Unprocessing images" (CVPR 2019)."""
    toned: NDArray[T] = neutral * neutral * (3 - 2 * neutral)
    return toned


def inverse_contrast(rendered: NDArray[T]) -> NDArray[T]:
    """Undo `contrast` for values in [0, 1]: Newton's method on y^2 (3 - 2 y) = x from y = sqrt(x / 3).

    The curve is its own mirror image about the middle, so only its darker half is solved for.
    """
    dark = np.minimum(rendered, 1 - rendered)
    root = np.maximum(np.sqrt(dark / 3), rendered.dtype.type(_DARKEST))
    for _ in range(NEWTON_STEPS):
        root = root - (root * root * (3 - 2 * root) - dark) / (6 * root * (1 - root))
    undone: NDArray[T] = np.where(rendered > dark, 1 - root, root)
    return undone


def _neutral(neutral: NDArray[T]) -> NDArray[T]:
    return neutral


_CURVES: dict[Tone, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "neutral": _neutral,
    "standard": standard,
    "contrast": contrast,
}
