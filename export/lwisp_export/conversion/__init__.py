"""The ONNX to .tflite converter in an environment of its own: its pins exclude those of the quantizer."""
