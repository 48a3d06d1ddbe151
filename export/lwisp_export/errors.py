"""Errors of the export chain; all are LwispError.

LwispError
├── ConversionError     a stage from torch to float .tflite failed
├── QuantizationError   the quantizer or the calibration tiles are unusable
└── ArtifactError       a finished .tflite breaks a rule for shipped models
"""

from lwisp_mobile.errors import LwispError


class ConversionError(LwispError):
    """A stage between the checkpoint and the float .tflite failed."""


class QuantizationError(LwispError):
    """The quantizer's version is unsupported, or the calibration tiles are unusable."""


class ArtifactError(LwispError):
    """A .tflite that breaks a rule for shipped models; the message lists every rule it breaks."""
