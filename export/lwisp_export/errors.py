"""Errors of the export chain; all are LwispError.

LwispError
├── ConversionError     a stage from torch to float .tflite failed
├── QuantizationError   the quantizer can't be used, or its calibration tiles can't
└── ArtifactError       a finished .tflite isn't what it must be
"""

from lwisp_mobile.errors import LwispError


class ConversionError(LwispError):
    """A stage between the checkpoint and the float .tflite failed."""


class QuantizationError(LwispError):
    """The quantizer's version isn't the one this code was written for, or the calibration tiles are unusable."""


class ArtifactError(LwispError):
    """A .tflite that breaks a rule for shipped models; the message lists every rule it breaks."""
