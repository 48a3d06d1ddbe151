"""Quantisation-aware fine-tuning: the student with the rounding of its INT8 .tflite put in, trained on."""
