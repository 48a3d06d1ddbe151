"""What our students are trained to take as input: the contract that training, calibration and export share."""

from lwisp_export.student.config import SIZE_MULTIPLE
from lwisp_export.synthesis.camera import REFERENCE_TO_SRGB
from lwisp_mobile.contract import InputContract

STUDENT_INPUT = InputContract(size_multiple=SIZE_MULTIPLE, reference_to_srgb=REFERENCE_TO_SRGB)
"""All stages on, colours moved to the reference camera."""
