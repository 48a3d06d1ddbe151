"""The sample RAW: a public-domain photograph (NASA's astronaut), unprocessed to a noisy mosaic, as a DNG."""

from dataclasses import replace
from pathlib import Path

from lwisp_export.synthesis.builtin_frames import EVALUATION_PHOTO, make_frame
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.dng import FIXED_TIME, write_dng
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import typical_noise
from lwisp_mobile.contract import Matrix3

SAMPLE_ISO = 200.0
SAMPLE_CAMERA_TO_SRGB: Matrix3 = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))
"""Not the reference camera's, so that the sample goes through the colour step of the contract."""


def write_sample(path: Path) -> None:
    """Write the sample DNG: 512x512, GRBG, 12 bits, ISO 200; always the same bytes."""
    color = replace(REFERENCE_CAMERA, to_srgb=SAMPLE_CAMERA_TO_SRGB)
    shot = Shot(color, typical_noise(SAMPLE_ISO), bits=12, cfa="GRBG", iso=SAMPLE_ISO)
    raw = make_frame(EVALUATION_PHOTO, shot, seed=2026).raw
    info = replace(raw.info, model="lwisp sample", exposure_s=1 / 60, f_number=1.8, taken_at=FIXED_TIME)
    write_dng(path, replace(raw, info=info))
