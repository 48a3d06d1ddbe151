"""The input contract that training, calibration and export of our students share."""

from dataclasses import replace

from lwisp_export.student.config import SIZE_MULTIPLE
from lwisp_export.synthesis.camera import REFERENCE_TO_SRGB
from lwisp_export.synthesis.exposure import EXPOSURE_KNEE
from lwisp_mobile.contract import InputContract

STUDENT_INPUT = InputContract(size_multiple=SIZE_MULTIPLE, reference_to_srgb=REFERENCE_TO_SRGB)
"""Every stage on, colours converted to the reference camera's."""


def deployed_input(trained: InputContract) -> InputContract:
    """The input contract that a student ships with, given the one that it was trained by.

    Colours moved by smoothed differences bring a student that was trained on quads' own 0.2 to 0.4 dB; a shoulder keeps
    what the sensor held from being burnt by a positive exposure.
    """
    return replace(trained, color_shift="smoothed", exposure_knee=EXPOSURE_KNEE)
