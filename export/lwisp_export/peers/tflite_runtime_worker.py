"""Runs in the environment of tflite-runtime: an INT8 .tflite on packed planes.

Usage: python tflite_runtime_worker.py int8.tflite inputs.npy outputs.npy
"""

import sys

import numpy as np


def main(model_path: str, inputs_path: str, outputs_path: str) -> None:
    """inputs: (n, h, w, planes) int8. outputs: (n, h', w', 3) int8."""
    from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415

    interpreter = Interpreter(model_path=model_path, num_threads=1)
    inputs, outputs = np.load(inputs_path), []
    source, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(source, (1, *inputs.shape[1:]))
    interpreter.allocate_tensors()
    for packed in inputs:
        interpreter.set_tensor(source, packed[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result)[0])
    np.save(outputs_path, np.stack(outputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
