"""The input contract that training, calibration and export of our students share."""

from lwisp_export.student.config import SIZE_MULTIPLE
from lwisp_export.synthesis.camera import REFERENCE_TO_SRGB
from lwisp_mobile.contract import InputContract

STUDENT_INPUT = InputContract(size_multiple=SIZE_MULTIPLE, reference_to_srgb=REFERENCE_TO_SRGB)
"""Every stage on, colours converted to the reference camera's."""
