"""ONNX Runtime's static quantisation, run by ONNX Runtime."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def quantize_onnx(onnx: Path, tiles: Sequence[NDArray[np.float32]]) -> bytes:
    """Quantise a student's ONNX: int8, weights per channel, minima and maxima as ranges.

    tiles: to calibrate with, each (side, side, planes) float32 in [0, 1], side as the file's.
    """
    from onnxruntime.quantization import (  # noqa: PLC0415 (slow to load, and only this peer needs it)
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Tiles(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._remaining = _inputs(tiles)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(self._remaining, None)

    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)  # it recommends a pre-processing that this graph doesn't need
    try:
        with tempfile.TemporaryDirectory(prefix="lwisp-peers-") as folder:
            result = Path(folder) / "int8.onnx"
            quantize_static(
                onnx,
                result,
                Tiles(),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
            )
            return result.read_bytes()
    finally:
        logging.getLogger().setLevel(level)


def _inputs(tiles: Sequence[NDArray[np.float32]]) -> Iterator[dict[str, NDArray[np.float32]]]:
    for tile in tiles:
        yield {"packed": np.ascontiguousarray(tile.transpose(2, 0, 1))[None]}
