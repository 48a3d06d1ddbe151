"""Pictures of DNGs that tifffile wrote: with a tag and what it stands for, the same as without both."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile import Developer, shipped_bundle
from lwisp_mobile.frame.developer import DevelopOptions
from lwisp_mobile.metrics import psnr_db
from lwisp_mobile.raw.reader import read_raw
from tests.runtime.raw.dng_files import (
    DOUBLE,
    LONG,
    SHORT,
    SRATIONAL,
    UNDEFINED,
    Tag,
    gain_map,
    opcode,
    opcode_list,
    tag,
    write_dng,
)

HEIGHT, WIDTH = 160, 224
WHITE = 60_000
WHITE_TAG = tag(50717, LONG, WHITE)


@pytest.fixture(scope="module")
def developer() -> Iterator[Developer]:
    with Developer("lwisp-lite", precision="fp16") as developer:
        yield developer


@pytest.fixture(scope="module")
def kneed() -> Iterator[tuple[Developer, Developer]]:
    """The same model by a contract with a shoulder, and by one without."""
    bundle = shipped_bundle("lwisp-lite")
    model = bundle.model("fp16")
    with_knee, without = (
        replace(
            bundle,
            models=(
                replace(
                    model,
                    contract=replace(model.contract, input=replace(model.contract.input, exposure_knee=knee)),
                ),
            ),
        )
        for knee in (0.5, None)
    )
    with Developer(with_knee, precision="fp16") as first, Developer(without, precision="fp16") as second:
        yield first, second


def scene() -> np.ndarray:
    """Light at a mosaic's sites, 0.02 to 0.4: waves, so that edges and shades of every kind are in it."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = np.sin(rows / 9) * np.cos(columns / 13) + np.sin((rows + columns) / 31)
    return np.asarray(0.21 + 0.095 * waves)


def samples(light: np.ndarray) -> np.ndarray:
    return np.rint(light * WHITE).astype(np.uint16)


def picture(developer: Developer, folder: Path, mosaic: np.ndarray, *tags: Tag) -> np.ndarray:
    """Developed to 8 bits, as signed numbers."""
    path = write_dng(folder / "a.dng", mosaic, WHITE_TAG, *tags)
    return developer.develop(path, dtype=np.uint8).astype(int)


def vignette() -> tuple[np.ndarray, Tag]:
    """Gains of a radial vignette up to 2.2, by the specification's formula, and the tag that asks for them."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    square = ((rows - HEIGHT / 2) ** 2 + (columns - WIDTH / 2) ** 2) / ((HEIGHT / 2) ** 2 + (WIDTH / 2) ** 2)
    parameters = struct.pack(">7d", 0.7, 0.5, 0, 0, 0, 0.5, 0.5)
    return 1 + 0.7 * square + 0.5 * square**2, tag(51009, UNDEFINED, opcode_list(opcode(3, parameters)))


def shading() -> tuple[np.ndarray, Tag]:
    """Gains of 1 to 3 that are bilinear between points, so that the map is exact, and the tag."""
    rows, columns = (np.arange(HEIGHT) + 0.5) / HEIGHT, (np.arange(WIDTH) + 0.5) / WIDTH
    points = np.array([[3.0, 1.5, 2.0], [1.5, 1.0, 1.2], [2.5, 1.4, 3.0]])
    places = np.linspace(0, 1, 3)
    by_row = np.stack([np.interp(rows, places, column) for column in points.T], 1)
    gains = np.stack([np.interp(columns, places, row) for row in by_row])
    area = (0, 0, HEIGHT, WIDTH)
    return gains, tag(51009, UNDEFINED, opcode_list(gain_map(points[..., None].astype(np.float32), area)))


@pytest.mark.parametrize("case", [shading, vignette])
def test_lens_shading_is_undone(developer: Developer, tmp_path: Path, case: object) -> None:
    gains, asks = case()  # type: ignore[operator]
    expected = picture(developer, tmp_path, samples(scene()))
    shaded = samples(scene() / gains)
    found = picture(developer, tmp_path, shaded, asks)
    assert np.abs(found - expected).max() <= 1
    assert psnr_db(found / 255, expected / 255) >= 60
    assert psnr_db(picture(developer, tmp_path, shaded) / 255, expected / 255) < 25
    off = developer.develop(write_dng(tmp_path / "a.dng", shaded, WHITE_TAG, asks), lens_shading=False, dtype=np.uint8)
    assert np.array_equal(off, picture(developer, tmp_path, shaded))


def test_int8_is_as_close_to_float_with_shading_undone(developer: Developer, tmp_path: Path) -> None:
    """As without any shading: INT8's own distance from float, some 50 dB, is all there is."""
    gains, asks = shading()
    float32 = picture(developer, tmp_path, samples(scene())) / 255
    with Developer("lwisp-lite", precision="int8") as int8:
        plain = picture(int8, tmp_path, samples(scene())) / 255
        undone = picture(int8, tmp_path, samples(scene() / gains), asks) / 255
    assert psnr_db(undone, float32) > psnr_db(plain, float32) - 0.5


def test_bad_pixels_are_replaced(developer: Developer, tmp_path: Path) -> None:
    """Where neighbours of a colour lie on a line, nothing is lost."""
    ramp = samples(np.broadcast_to(np.linspace(0.05, 0.4, WIDTH), (HEIGHT, WIDTH)))
    bad = ramp.copy()
    places = np.array([[40, 50], [41, 120], [90, 77], [120, 160]])
    bad[places[:, 0], places[:, 1]] = (0, WHITE, WHITE, 0)
    bad[100:102, 30:32] = WHITE
    content = struct.pack(">3I", 0, len(places), 1) + places.astype(">u4").tobytes()
    content += struct.pack(">4I", 100, 30, 102, 32)
    asks = tag(51008, UNDEFINED, opcode_list(opcode(5, content)))
    expected = picture(developer, tmp_path, ramp)
    assert np.abs(picture(developer, tmp_path, bad, asks) - expected).max() <= 1
    assert np.abs(picture(developer, tmp_path, bad) - expected).max() > 20


def test_baseline_exposure_is_applied(developer: Developer, tmp_path: Path) -> None:
    """In light that no shoulder reaches, 0.45 after white balance and exposure; and darker."""
    light = 0.55 * scene()
    expected = picture(developer, tmp_path, samples(light))
    brighter = tag(50730, SRATIONAL, 1.25), tag(51109, SRATIONAL, -0.25)
    assert np.abs(picture(developer, tmp_path, samples(light / 2), *brighter) - expected).max() <= 1
    darker = picture(developer, tmp_path, samples(light), tag(50730, SRATIONAL, -0.75))
    assert (darker[20:-20, 20:-20] <= expected[20:-20, 20:-20]).mean() > 0.99
    assert darker.mean() < expected.mean() - 15


def test_levels_and_crop(developer: Developer, tmp_path: Path) -> None:
    mosaic = samples(scene())
    expected = picture(developer, tmp_path, mosaic)
    black = tag(50714, SHORT, 512), tag(50717, LONG, WHITE + 512)
    assert np.abs(picture(developer, tmp_path, mosaic + 512, *black) - expected).max() <= 1
    crop = tag(50719, LONG, 10, 20), tag(50720, LONG, 100, 90)
    assert np.array_equal(picture(developer, tmp_path, mosaic, *crop), expected[20:110, 10:110])


def test_a_noise_profile_changes_nothing_for_a_model_without_a_noise_plane(
    developer: Developer, tmp_path: Path
) -> None:
    told = picture(developer, tmp_path, samples(scene()), tag(51041, DOUBLE, 1e-2, 1e-4))
    assert np.array_equal(told, picture(developer, tmp_path, samples(scene())))


def test_baseline_exposure_burns_nothing_that_the_sensor_held(
    kneed: tuple[Developer, Developer], tmp_path: Path
) -> None:
    """A grey ramp up to the sensor's white, 2.65 EV brighter: light that a plain gain makes white stays apart."""
    light = np.broadcast_to(np.linspace(0.01, 0.98, WIDTH), (HEIGHT, WIDTH)).copy()
    for site, gain in enumerate((2.0, 1.0, 1.0, 1.6)):  # of R, G, G, B, by AsShotNeutral
        light[site // 2 :: 2, site % 2 :: 2] /= gain
    asks = tag(50730, SRATIONAL, 2.65)
    path = write_dng(tmp_path / "a.dng", samples(light), WHITE_TAG, asks)
    shoulder, plain = (one.develop(path, tone="neutral")[60:100].mean(axis=(0, 2)) for one in kneed)
    dark = kneed[0].develop(write_dng(path, samples(light), WHITE_TAG), tone="neutral")[60:100].mean(axis=(0, 2))
    columns = [round(WIDTH * share) for share in (0.2, 0.4, 0.6, 0.8)]
    assert (np.diff(shoulder[columns]) > 0.5 / 255).all()
    assert np.abs(np.diff(plain[columns])).max() < 0.2 / 255
    assert (shoulder[8 : columns[0]] > dark[8 : columns[0]] + 0.1).all()


def test_at_0_ev_a_shoulder_changes_no_bit(kneed: tuple[Developer, Developer], tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", samples(2.4 * scene()), WHITE_TAG)
    first, second = (one.develop(path) for one in kneed)
    assert np.array_equal(first, second)


def test_what_a_file_asks_for_and_what_is_found_reaches_the_user(developer: Developer, tmp_path: Path) -> None:
    asks = tag(50730, SRATIONAL, 0.5), tag(50718, 5, 1, 0.5)
    path = write_dng(tmp_path / "a.dng", samples(scene()), WHITE_TAG, *asks)
    raw = read_raw(path)
    run = developer.run(raw, DevelopOptions(exposure_ev=1.0), np.uint8)
    assert run.exposure_ev == 1.5
    assert run.notes == (
        "The file asks for what isn't honoured: DefaultScale (1, 0.5).",
        "Exposure +1.50 EV: the file asks for +0.50 (BaselineExposure).",
    )
    assert developer.develop_file(path, tmp_path / "a.png", DevelopOptions(exposure_ev=1.0)).notes == run.notes
