"""A .tflite of any precision as a function from packed planes to a picture."""

from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from lwisp_export.verification.verify import Picture, Run
from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.engine.quantization import dequantize, quantize, tensor_spec
from lwisp_mobile.errors import ModelError


def open_model(model: bytes, threads: int = 1) -> Run:
    """A function that runs the model on packed planes, (h, w, planes) float32 in [0, 1], and gives the picture.

    For models that have no contract yet. The picture is (h', w', 3) float32. Raises ModelError if LiteRT refuses it.
    """
    try:
        runner = Interpreter(model_content=model, num_threads=threads).get_signature_runner()
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"LiteRT refuses the model ({error}). Choose another quantisation recipe.") from error
    source, result = _spec(runner.get_input_details()), _spec(runner.get_output_details())

    def run(packed: NDArray[np.float32]) -> Picture:
        outputs = runner(**{source.name: quantize(packed, source)[None]})
        return dequantize(np.asarray(outputs[result.name])[0], result)

    return run


def _spec(tensors: dict[str, Any]) -> TensorSpec:
    """Of the only tensor there is."""
    ((name, details),) = tensors.items()
    return tensor_spec(name, details)
