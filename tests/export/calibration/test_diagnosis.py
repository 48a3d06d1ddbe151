"""Defects of a calibration set, each found where it is and only there."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_export.calibration.convergence import ConvergencePoint
from lwisp_export.calibration.diagnosis import diagnose
from lwisp_export.synthesis.builtin_frames import evaluation_frames
from tests.export.calibration_sets import FRAMES, calibration_set, kinds, photographed


def test_the_default_set_is_sound() -> None:
    found = calibration_set(FRAMES, evaluation_frames())
    assert found.manifest.findings == ()
    assert {frame.facts.iso for frame in found.manifest.frames} == {100, 400, 1600}
    assert len({tile.sha256 for tile in found.manifest.tiles}) == len(found.tiles) > 100


def test_dark_frames_alone_are_found() -> None:
    assert "no bright frames" in kinds(calibration_set(frame for frame in FRAMES if "+1.5 EV" not in frame.name))


def test_bright_frames_alone_are_found() -> None:
    found = kinds(calibration_set(frame for frame in FRAMES if "+1.5 EV" in frame.name))
    assert "no shadows" in found
    assert "no bright frames" not in found


def test_three_frames_are_too_few() -> None:
    found = calibration_set(FRAMES[:3])
    assert "few frames" in kinds(found)
    assert any("3 frames; use 8 or more" in finding.message for finding in found.manifest.findings)


def test_a_covered_lens_and_blown_white_are_found_and_cover_nothing() -> None:
    frame = photographed(0)
    black = np.random.default_rng(0).normal(frame.raw.black_level[0], 4, frame.raw.mosaic.shape).astype(np.uint16)
    covered = replace(frame, name="covered", raw=replace(frame.raw, mosaic=black))
    white = np.full_like(frame.raw.mosaic, frame.raw.white_level)
    blown = replace(frame, name="blown", raw=replace(frame.raw, mosaic=white))
    found = kinds(calibration_set([*FRAMES[:2], covered, blown]))
    assert found.count("black frame") == found.count("white frame") == 1
    assert {"no bright frames", "few frames"} <= {*found}


def test_one_scene_is_found_at_whatever_exposure() -> None:
    coffee = [frame for frame in FRAMES if "coffee" in frame.name]
    assert "one scene" in kinds(calibration_set(coffee))
    assert "one scene" not in kinds(calibration_set([*coffee, FRAMES[8]]))


def test_one_camera_setting_is_found() -> None:
    assert {"one ISO", "one light"} <= {*kinds(calibration_set(photographed(0, ev) for ev in (-2.0, 0.0, 1.5)))}


def test_grey_scenes_are_found() -> None:
    frame = photographed(0)
    grey = replace(frame.raw, camera_to_srgb=None, mosaic=np.full_like(frame.raw.mosaic, 2000))
    flat = replace(grey, black_level=(0,) * 4, wb_gains=(1.0, 1.0, 1.0))
    assert "no strong colours" in kinds(calibration_set([replace(frame, raw=flat)]))


def test_the_same_frame_and_a_burst_are_duplicates_but_another_exposure_is_not() -> None:
    first, burst, darker = photographed(1), photographed(2), photographed(3, -1.0)
    assert kinds(calibration_set([first, darker])).count("duplicates") == 0
    messages = [f.message for f in calibration_set([first, burst, first]).manifest.findings if f.kind == "duplicates"]
    assert len(messages) == 2
    assert "almost the same picture" in messages[0]
    assert "the same file" in messages[1]


def test_frames_of_the_evaluation_set_are_found() -> None:
    judged = evaluation_frames()[2]
    found = [
        f.message for f in calibration_set([*FRAMES[:2], judged], [judged]).manifest.findings if f.kind == "overlap"
    ]
    assert len(found) == 1
    assert judged.name in found[0]


@pytest.mark.parametrize(("before", "found"), [(0.99, 0), (0.8, 1)])
def test_ranges_that_still_grow_are_found(before: float, found: int) -> None:
    points = [ConvergencePoint(i + 1, before if i < 7 else 1.0, 0.5) for i in range(8)]
    findings = [f for f in diagnose((), (), (), points) if f.kind == "not converged"]
    assert len(findings) == found
    assert all("the last 2 frames widened the ranges by 20.0%" in finding.message for finding in findings)
