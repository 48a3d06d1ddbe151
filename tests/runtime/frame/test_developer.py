"""Developing: geometry for every filter order and orientation, types of pictures, threads, and a real RAW file."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from lwisp_mobile import Developer, RawHints, RawImage, read_raw, shipped_bundle
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.developer import DevelopOptions
from lwisp_mobile.output.picture import to_8_bit, to_16_bit
from lwisp_mobile.output.tone import Tone, apply_tone, tone_table
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.corrections import NoiseProfile, WarpRectilinear

GREY_SIDECAR = 'size = [46, 38]\ncfa = "GRBG"\nbits = 10\nblack = 64\nwhite_balance = [2.0, 1.0, 1.5]\n'


@pytest.fixture(scope="module")
def developer() -> Iterator[Developer]:
    with Developer(shipped_bundle(), precision="fp16") as developer:
        yield developer


def flat_raw(height: int, width: int, cfa: str, *, marker: tuple[int, int] | None = None) -> RawImage:
    """A grey frame by a camera with gains 2, 1, 1.5; optionally a bright 8x8 block at (row, column)."""
    light = np.full((height, width), 0.15, np.float32)
    if marker:
        light[marker[0] : marker[0] + 8, marker[1] : marker[1] + 8] = 0.9
    gains = {"R": 2.0, "G": 1.0, "B": 1.5}
    for site, letter in enumerate(cfa):
        light[site // 2 :: 2, site % 2 :: 2] /= gains[letter]
    mosaic = np.rint(light * 4095).astype(np.uint16)
    return RawImage(mosaic, cfa, (0.0,) * 4, 4095.0, (2.0, 1.0, 1.5), None)


@pytest.mark.parametrize("cfa", CFA_ORDERS)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (63, 97)])
def test_a_marker_stays_where_it_is(developer: Developer, cfa: str, height: int, width: int) -> None:
    """No filter order shifts the picture: a bright block's centroid is where it was put."""
    rgb = developer.develop(flat_raw(height, width, cfa, marker=(24, 40)))
    assert rgb.shape == (height, width, 3)
    bright = rgb.mean(axis=-1) - np.median(rgb)
    bright[bright < bright.max() / 2] = 0
    rows, columns = np.indices(bright.shape)
    centre = (rows * bright).sum() / bright.sum(), (columns * bright).sum() / bright.sum()
    assert centre == pytest.approx((27.5, 43.5), abs=0.6)


@pytest.mark.parametrize("cfa", CFA_ORDERS)
def test_grey_is_grey_for_every_filter_order(developer: Developer, cfa: str) -> None:
    rgb = developer.develop(flat_raw(96, 96, cfa))[16:-16, 16:-16]
    assert np.ptp(rgb.mean(axis=(0, 1))) < 0.03


def test_orientation_turns_the_picture(developer: Developer) -> None:
    raw = flat_raw(64, 96, "RGGB", marker=(8, 8))
    upright = developer.develop(raw)
    turned = developer.develop(replace(raw, orientation=6))
    assert turned.shape == (96, 64, 3)
    assert np.array_equal(turned, np.rot90(upright, -1))


def test_more_exposure_is_brighter_and_absurd_exposure_is_refused(developer: Developer) -> None:
    raw = flat_raw(64, 64, "RGGB")
    assert developer.develop(raw, exposure_ev=1).mean() > developer.develop(raw).mean() + 0.05
    for exposure_ev in (9.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="Exposure"):
            developer.develop(raw, exposure_ev=exposure_ev)


def test_exposure_by_the_frames_own_light(developer: Developer) -> None:
    dark = replace(flat_raw(96, 96, "RGGB"), white_level=4 * 4095.0)
    run = developer.run(dark, DevelopOptions(exposure_ev="auto"), np.float32)
    assert run.exposure_ev == pytest.approx(1.9, abs=0.1)  # 0.15 / 4 lacks 2.26 to a grey card; past 1.5, half is given
    assert run.notes[-1] == f"Exposure by the frame's own light: {run.exposure_ev:+.2f} EV."
    assert np.array_equal(run.rgb, developer.develop(dark, exposure_ev=run.exposure_ev))


def test_what_has_no_effect_on_a_model_is_refused_by_name(developer: Developer) -> None:
    raw, noise = flat_raw(64, 64, "RGGB"), NoiseProfile((1e-3,) * 3, (1e-6,) * 3)
    with pytest.raises(UsageError, match="leave out noise and denoise"):
        developer.develop(raw, noise=noise, denoise=0.5)
    with pytest.raises(UsageError, match="leave out denoise"):
        developer.prepare(raw, DevelopOptions(denoise=0.5))
    with pytest.raises(TypeError, match="sharpen"):
        developer.develop(raw, sharpen=1)  # type: ignore[call-overload]


@pytest.mark.parametrize("tone", ["neutral", "standard"])
def test_a_float_model_has_every_tone_by_formula(developer: Developer, tone: Tone) -> None:
    raw = flat_raw(160, 96, "GRBG", marker=(20, 30))
    rendered = developer.develop(raw)
    wanted = apply_tone(np.clip(rendered, 0, 1), rendered="contrast", wanted=tone)
    run = developer.run(raw, DevelopOptions(tone=tone), np.float32)
    assert np.array_equal(run.rgb, wanted)
    assert np.array_equal(developer.develop(raw, tone=tone, dtype=np.uint16), to_16_bit(wanted))
    assert (run.tone, run.notes) == (tone, ())
    assert np.array_equal(developer.develop(raw, tone="contrast"), rendered)


def test_an_int8_model_has_every_tone_by_its_table() -> None:
    raw = flat_raw(64, 96, "GRBG", marker=(20, 30))
    with Developer(shipped_bundle("lwisp-lite"), precision="int8") as int8:
        rendered = int8.develop(raw)
        levels = np.rint(256 * rendered).astype(int)
        for tone in get_args(Tone):
            table = tone_table(np.arange(256, dtype=np.float32) / 256, rendered="contrast", wanted=tone)
            run = int8.run(raw, DevelopOptions(tone=tone), np.uint8)
            assert np.array_equal(run.rgb, to_8_bit(table)[levels])
            assert np.array_equal(int8.develop(raw, tone=tone), table[levels])
            lost = "11 of the 32 darkest codes are left" in "".join(run.notes)
            assert lost is (tone != "contrast")
        assert np.array_equal(int8.develop(raw, tone=None), rendered)


def test_undone_distortion_is_within_the_budget(developer: Developer) -> None:
    """The plan counts the second picture: a budget without room for it is refused before anything is developed."""
    warp = WarpRectilinear(((1.0, -0.05, 0.0, 0.0, 0.0, 0.0),), 0.5, 0.5)
    raw = replace(flat_raw(1200, 800, "RGGB"), warp=(warp,))
    needed_mb = []
    for distortion in (True, False):
        with pytest.raises(UsageError, match=r"takes at least \d+ MB") as caught:
            developer.develop(raw, distortion=distortion, max_memory_bytes=120_000_000)
        needed_mb.append(int(str(caught.value).split("at least ")[1].split()[0]))
    assert 4 <= needed_mb[0] - needed_mb[1] <= 9


@pytest.mark.parametrize("level", [0, 4095])
def test_black_and_white_frames(developer: Developer, level: int) -> None:
    raw = replace(flat_raw(64, 64, "RGGB"), mosaic=np.full((64, 64), level, np.uint16))
    mean = developer.develop(raw)[16:-16, 16:-16].mean()
    assert (mean < 0.1) if level == 0 else (mean > 0.9)


def test_a_real_canon_file_looks_like_librawss_rendering(raw_data: Path) -> None:
    """Right geometry and colours: the reduced picture correlates with LibRaw's in every channel."""
    import rawpy  # noqa: PLC0415

    path = raw_data / "canon_d30_tree.crw"
    with Developer(shipped_bundle()) as developer:
        ours = developer.develop(read_raw(path, RawHints(white_balance="daylight")))
    with rawpy.imread(str(path)) as raw:
        theirs = raw.postprocess(use_camera_wb=False, user_wb=list(raw.daylight_whitebalance), no_auto_bright=True)
    assert ours.shape == theirs.shape
    small = [
        np.asarray(Image.fromarray(picture).resize((272, 181), Image.Resampling.BOX), np.float64)
        for picture in ((ours * 255).astype(np.uint8), theirs)
    ]
    for channel in range(3):
        assert np.corrcoef(small[0][..., channel].ravel(), small[1][..., channel].ravel())[0, 1] > 0.97


def test_rounded_types_are_the_rounded_picture(developer: Developer) -> None:
    raw = flat_raw(64, 96, "GRBG", marker=(20, 30))
    rgb = developer.develop(raw)
    assert np.array_equal(developer.develop(raw, dtype=np.uint8), to_8_bit(rgb))
    assert np.array_equal(developer.develop(raw, dtype=np.uint16), to_16_bit(rgb))
    with pytest.raises(UsageError, match="A picture of int32"):
        developer.develop(raw, dtype=np.int32)


def test_int8_rounds_as_float_does() -> None:
    raw = flat_raw(64, 96, "GRBG", marker=(20, 30))
    with Developer(shipped_bundle(), precision="int8") as int8:
        rgb = int8.develop(raw)
        assert np.array_equal(int8.develop(raw, dtype=np.uint8), to_8_bit(rgb))
        assert np.array_equal(int8.develop(raw, dtype=np.uint16), to_16_bit(rgb))


def test_threads_share_a_developer_and_pictures_are_the_callers() -> None:
    """Each calling thread has workers of its own; a second frame leaves the first one's array alone."""
    frames = [flat_raw(700, 500, "RGGB", marker=(30 * n, 40)) for n in range(1, 4)]
    for frame in frames:
        frame.mosaic.setflags(write=False)
    options = DevelopOptions(max_memory_bytes=400_000_000)
    with Developer(shipped_bundle(), precision="int8") as developer:
        expected = [developer.run(frame, options, np.uint8).rgb.copy() for frame in frames]
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda frame: developer.run(frame, options, np.uint8).rgb, frames * 2))
    assert not np.array_equal(expected[0], expected[1])
    assert all(np.array_equal(rgb, expected[index % 3]) for index, rgb in enumerate(found))


def test_a_run_tells_how_it_went(developer: Developer) -> None:
    run = developer.run(flat_raw(1200, 800, "RGGB"), DevelopOptions(max_memory_bytes=500_000_000), np.float32)
    assert run.plan.mode == "tiles"
    stages = developer.session.contract.stages
    assert [time.signature for time in run.stages] == ["context", *(stage.name for stage in stages)]
    assert all(stage.run_ms > 0 and stage.wall_ms > 0 for stage in run.stages)
    assert sum(stage.wall_ms for stage in run.stages) < run.wall_ms
    assert sum(stage.feed_ms + stage.run_ms + stage.keep_ms for stage in run.stages) < run.wall_ms
