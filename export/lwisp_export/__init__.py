"""The factory: trains students and exports them to .tflite bundles. Needs the `export` extra."""
