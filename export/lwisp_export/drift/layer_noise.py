"""Signal to quantisation noise of every layer: the INT8 model's tensors against the float model's."""

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from lwisp_export.synthesis.tiles import Tile
from lwisp_mobile.tflite.graph import Graph

ROUNDING = 1e-12
"""Share of the signal's power below which a difference is floating-point rounding, not noise."""


@dataclass(frozen=True)
class LayerNoise:
    """Signal to quantisation noise of one operator's output."""

    tensor: str
    operator: str
    """As CONV_2D."""
    sqnr_db: float | None
    """Power of the float model's values over that of the difference, each channel at its best scale, because
    equalisation changes scales and no picture. None: nothing differs, the float model has no such tensor, or it's a
    vector of the whole image, which has too few values for that."""


@dataclass
class _Products:
    """Sums over pixels, per channel."""

    float_float: NDArray[np.float64]
    float_int8: NDArray[np.float64]
    int8_int8: NDArray[np.float64]

    def sqnr_db(self) -> float | None:
        used = self.int8_int8 > 0
        shared = np.divide(self.float_int8**2, self.int8_int8, out=np.zeros_like(self.int8_int8), where=used)
        noise = float(np.maximum(self.float_float - shared, 0).sum())
        signal = float(self.float_float.sum())
        return float(10 * np.log10(signal / noise)) if noise > ROUNDING * signal else None


def measure_layers(float_model: bytes, int8_model: bytes, tiles: Sequence[Tile]) -> tuple[LayerNoise, ...]:
    """Noise after every operator, in graph order, over some tiles. Models: of one student, first subgraph."""
    operators = _results(int8_model)
    shared = operators.keys() & _results(float_model).keys()
    found: dict[str, _Products] = {}
    for tile in tiles:
        wanted = dict(_tensors(float_model, tile.packed, shared))
        for name, values in _tensors(int8_model, tile.packed, shared):
            if wanted[name].shape == values.shape and values.size > values.shape[-1]:
                _add(found, name, wanted[name], values)
    sqnrs_db = {name: sums.sqnr_db() for name, sums in found.items()}
    return tuple(LayerNoise(name, operator, sqnrs_db.get(name)) for name, operator in operators.items())


def _results(model: bytes) -> dict[str, str]:
    """Operators by the names of their results, in graph order."""
    return {operator.output.name: operator.kind for operator in Graph.parse(model).operators}


def _add(found: dict[str, _Products], name: str, in_float: NDArray[np.float64], in_int8: NDArray[np.float64]) -> None:
    pixels = [values.reshape(-1, values.shape[-1]) for values in (in_float, in_int8)]
    pairs = (pixels[0] ** 2, pixels[0] * pixels[1], pixels[1] ** 2)
    sums = _Products(*(pair.sum(axis=0) for pair in pairs))
    before = found.setdefault(name, _Products(*(np.zeros_like(sums.float_float) for _ in pairs)))
    before.float_float += sums.float_float
    before.float_int8 += sums.float_int8
    before.int8_int8 += sums.int8_int8


def _tensors(
    model: bytes, packed: NDArray[np.float32], names: Collection[str]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """These tensors of a run, dequantised."""
    with warnings.catch_warnings():
        # It warns of the memory that kept tensors take; here they are what is wanted.
        warnings.filterwarnings("ignore", message=r".*experimental_preserve_all_tensors", category=UserWarning)
        interpreter = Interpreter(model_content=model, num_threads=1, experimental_preserve_all_tensors=True)
    source = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(source["index"], (1, *packed.shape))
    interpreter.allocate_tensors()
    scale, zero = source["quantization"]
    values = packed[None] if not scale else np.clip(np.rint(packed[None] / scale) + zero, -128, 127)
    interpreter.set_tensor(source["index"], values.astype(source["dtype"]))
    interpreter.invoke()
    for details in interpreter.get_tensor_details():
        if details["name"] in names:
            scale, zero = details["quantization"]
            found = interpreter.get_tensor(details["index"]).astype(np.float64)
            yield details["name"], (found - zero) * scale if scale else found
