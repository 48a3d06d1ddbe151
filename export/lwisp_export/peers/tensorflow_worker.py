"""Runs in the environment of TensorFlow: its reference quantiser on a float .tflite.

Usage: python tensorflow_worker.py float.tflite tiles.npy int8.tflite
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np


def main(float_path: str, tiles_path: str, result_path: str) -> None:
    """Calibrate by minima and maxima, quantise every operator; input and output int8."""
    import tensorflow as tf  # noqa: PLC0415
    from tensorflow.lite.python.optimize import calibrator  # noqa: PLC0415

    tiles = np.load(tiles_path)

    def samples() -> Iterator[list[np.ndarray]]:
        for tile in tiles:
            yield [tile[None]]

    worker = calibrator.Calibrator(Path(float_path).read_bytes())
    result = worker.calibrate_and_quantize(samples, tf.dtypes.int8, tf.dtypes.int8, allow_float=False)
    Path(result_path).write_bytes(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
