"""Calibration sets: tiles of RAW frames that int8 ranges are measured on, examined and written down."""
