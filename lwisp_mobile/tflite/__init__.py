""".tflite files: checked as bytes, and as typed objects."""
