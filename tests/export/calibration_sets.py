"""Calibration sets of synthetic frames."""

from collections.abc import Iterable

from lwisp_export.calibration.calibration_set import CalibrationSet
from lwisp_export.calibration.collection import collect, frame_sources
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.builtin_frames import MadeFrame, calibration_frames, make_frame
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import typical_noise
from lwisp_export.synthesis.tiles import NamedRaw

TILE_PX = 64
FRAMES = calibration_frames()


def calibration_set(frames: Iterable[MadeFrame], evaluation: Iterable[MadeFrame] = ()) -> CalibrationSet:
    named = [[NamedRaw(frame.name, frame.raw) for frame in group] for group in (frames, evaluation)]
    return collect(frame_sources(named[0]), frame_sources(named[1]), STUDENT_INPUT, TILE_PX, None)


def kinds(found: CalibrationSet) -> list[str]:
    return [finding.kind for finding in found.manifest.findings]


def photographed(seed: int, exposure_ev: float = 0.0) -> MadeFrame:
    shot = Shot(REFERENCE_CAMERA, typical_noise(100), exposure_ev=exposure_ev, bits=12, iso=100)
    return make_frame("coffee", shot, seed)
