"""Levels: sensor values to [0, 1] light, and light to the curve that 8 bits can hold."""

import numpy as np
from numpy.typing import NDArray


def normalise(
    planes: NDArray[np.uint16], black_level: NDArray[np.float32], gain: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Subtract black, multiply by a gain per plane, clip above at 1; values under black stay negative.

    planes: (h, w, 4) uint16. black_level, gain: (4,) float32 in the planes' order; the gain is
    white balance over (white - black). Returns (h, w, 4) float32, at most 1.
    """
    light = planes.astype(np.float32)
    light -= black_level
    light *= gain
    # Several times as fast as np.minimum.
    return np.clip(light, np.float32(-np.inf), np.float32(1), out=light)


def curve(light: NDArray[np.float32], offset: float) -> NDArray[np.float32]:
    """Square-root curve: sqrt((x + offset) / (1 + offset)), x clipped to [-offset, 1].

    The root makes shot noise about equally large at every level (Anscombe 1948), so 8 bits hold it.
    The offset keeps a little of the noise under black. light: float32, any shape. Returns [0, 1].
    """
    shifted = np.clip(light, np.float32(-offset), np.float32(1))
    shifted += np.float32(offset)
    shifted *= np.float32(1 / (1 + offset))
    return np.sqrt(shifted, out=shifted)


def inverse_curve(values: NDArray[np.float32], offset: float) -> NDArray[np.float32]:
    """Undo `curve` for values in [0, 1]. Returns light in [-offset, 1]."""
    return np.asarray(values * values * np.float32(1 + offset) - np.float32(offset), np.float32)
