"""The contact sheet."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from lwisp_export.evaluation.classical import finish, libraw_ahd
from lwisp_export.evaluation.contact_sheet import (
    CROP_PX,
    LABEL_PX,
    TITLE_PX,
    Rendering,
    balanced,
    block,
    render,
    write_sheet,
)
from lwisp_export.synthesis.builtin_frames import EVALUATION_PHOTO, make_frame
from lwisp_export.synthesis.camera import REFERENCE_CAMERA
from lwisp_export.synthesis.mosaic import Shot
from lwisp_export.synthesis.noise import NoiseLevel
from lwisp_mobile.contract import InputContract
from lwisp_mobile.frame.developer import Developer
from lwisp_mobile.metrics import psnr_db
from lwisp_mobile.raw.corrections import Crop

CLEAN = Shot(REFERENCE_CAMERA, NoiseLevel(0, 0), bits=14, cfa="GRBG", iso=50)


def test_a_sheet_shows_the_same_crops_of_every_rendering(tmp_path: Path) -> None:
    rgb = np.full((700, 900, 3), 90, np.uint8)
    rgb[300:700, 500:900] = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    one = block("frame", (Rendering("ours", rgb), Rendering("theirs", rgb)), [(450, 350)])
    left, right = one[:, :CROP_PX], one[:, -CROP_PX:]
    overview = TITLE_PX + LABEL_PX
    chosen = overview + round(700 * CROP_PX / 900) + LABEL_PX
    assert np.array_equal(left[overview : chosen - LABEL_PX], right[overview : chosen - LABEL_PX])
    for crops in (left, right):
        assert np.array_equal(crops[chosen : chosen + CROP_PX], rgb[150:550, 250:650])
    assert not np.array_equal(left[TITLE_PX:overview], right[TITLE_PX:overview]), "columns have headings of their own"
    write_sheet(tmp_path / "sheet.png", [one, one])
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (one.shape[1], 2 * one.shape[0])


def test_all_columns_are_cut_and_turned_alike() -> None:
    """A frame cropped, mirrored, turned and without a matrix is the same picture in all three columns."""
    frame = make_frame(EVALUATION_PHOTO, CLEAN, seed=0)
    raw = replace(frame.raw, crop=Crop(20, 31, 300, 401), orientation=5, camera_to_srgb=None)
    with Developer("lwisp-lite") as developer:
        ours, theirs, alike = render(raw, developer)
    assert ours.rgb.shape == theirs.rgb.shape == alike.rgb.shape == (401, 300, 3)
    truth = frame.truth[20:320, 32:433].swapaxes(0, 1)
    assert psnr_db(np.float32(ours.rgb / 255), truth) > 28
    assert psnr_db(np.float32(alike.rgb / 255), truth) > 28
    assert np.corrcoef(theirs.rgb.ravel(), truth.ravel())[0, 1] > 0.97
    shadows_theirs, shadows_alike = (float(np.percentile(one.rgb, 20)) for one in (theirs, alike))
    assert shadows_theirs > shadows_alike + 5, "LibRaw's own tone has no S-curve"


def test_balanced_light_has_the_models_exposure_and_shading() -> None:
    shot = replace(CLEAN, shading=(1.8, 1.6, 1.6, 1.5), baseline_exposure_ev=1.0)
    frame = make_frame(EVALUATION_PHOTO, shot, seed=0)
    picture = finish(libraw_ahd(balanced(frame.raw, InputContract())), REFERENCE_CAMERA.to_srgb)
    truth = frame.truth[:, 1:]
    assert psnr_db(picture, truth) > 28
    assert psnr_db(finish(libraw_ahd(frame.raw), REFERENCE_CAMERA.to_srgb), truth) < 20, "neither without"
