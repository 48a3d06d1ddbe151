"""The curve that 8 bits can hold light under."""

import numpy as np
from numpy.typing import NDArray


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
