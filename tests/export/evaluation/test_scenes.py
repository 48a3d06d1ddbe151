"""Scenes out of real files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.evaluation.scenes import binned_scene, read_scene
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.dng import write_dng
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.corrections import Crop
from lwisp_mobile.raw.hints import NO_HINTS, RawHints
from lwisp_mobile.raw.image import RawImage
from tests.export.evaluation.linear_png import write_linear_png

BLACK, WHITE = 100, 1100


def frame(cfa: str = "RGGB") -> RawImage:
    """Every quad is R 0.2, G 0.5 and 0.7 (the second one row lower), B 0.4, but for one clipped B."""
    letters = {"R": 300, "G": 600, "B": 500}
    cell = np.array([letters[letter] for letter in cfa]).reshape(2, 2)
    # Gb, in the row of B, is brighter.
    for row in range(2):
        if "B" in cfa[2 * row : 2 * row + 2]:
            cell[row][cell[row] == letters["G"]] = 800
    mosaic = np.tile(cell, (34, 50)).astype(np.uint16)
    return RawImage(mosaic, cfa, (BLACK,) * 4, WHITE, (4.0, 2.0, 3.0), REFERENCE_CAMERA.to_srgb)


@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_quads_become_pixels(cfa: str) -> None:
    scene = binned_scene("a", frame(cfa))
    assert scene.light.shape == (32, 32, 3)
    assert scene.light.dtype == np.float32
    assert np.allclose(scene.light, [0.2, 0.6, 0.4])
    assert scene.color.gains == (2.0, 1.0, 1.5)
    assert scene.counted.all()


def test_clipped_quads_dont_count_and_the_crop_is_the_scene() -> None:
    raw = frame()
    raw.mosaic[5, 9] = 1090
    assert [index.tolist() for index in np.nonzero(~binned_scene("a", raw).counted)] == [[2], [4]]
    cropped = binned_scene("a", replace(raw, crop=Crop(1, 3, 65, 66)))
    assert cropped.light.shape == (32, 32, 3)
    assert np.allclose(cropped.light[~cropped.counted], [0.2, 0.6, 0.99])
    assert [index.tolist() for index in np.nonzero(~cropped.counted)] == [[1], [2]]
    with pytest.raises(UsageError, match="without a clipped sample"):
        binned_scene("a", replace(raw, mosaic=np.full_like(raw.mosaic, WHITE)))
    with pytest.raises(UsageError, match="at least 32x32"):
        binned_scene("a", replace(raw, crop=Crop(0, 0, 40, 90)))


def test_raw_files_and_linear_pictures_are_read(tmp_path: Path) -> None:
    write_dng(tmp_path / "a.dng", frame())
    assert np.allclose(read_scene(tmp_path / "a.dng", NO_HINTS).light, [0.2, 0.6, 0.4])
    rgb = np.full((40, 70, 3), (6554, 32768, 65535), np.uint16)
    rgb[:, 10:, 2] = 13107
    write_linear_png(tmp_path / "b.png", rgb, (0.5, 1.0, 0.25))
    matrix = ((1.5, -0.5, 0.0), (0.0, 1.0, 0.0), (0.0, -0.5, 1.5))
    scene = read_scene(tmp_path / "b.png", RawHints(matrix=matrix))
    assert scene.light.shape == (32, 64, 3)
    assert np.allclose(scene.light[:, 10:], [0.1, 0.5, 0.2], atol=1e-4)
    assert not scene.counted[:, :10].any()
    assert scene.counted[:, 10:].all()
    assert scene.color.gains == (2.0, 1.0, 4.0)
    assert scene.color.to_srgb == matrix
    (tmp_path / "b_metadata.json").write_text('{"illuminant_color_raw": [1, 0, 1]}')
    with pytest.raises(UsageError, match="numbers over 0"):
        read_scene(tmp_path / "b.png", NO_HINTS)
