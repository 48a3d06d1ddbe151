"""ZRR: packed as its authors do, and wrong files named."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lwisp_export.training.pairs.pair_batches import PairBatches
from lwisp_export.training.pairs.zrr import ZRR_INPUT, open_zrr, pack_mosaic
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.curve import inverse_curve
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.reader import read_raw
from tests.export.pair_files import (
    mosaic_of,
    picture,
    save,
)


def test_mosaics_are_packed_and_scaled_as_the_authors_do() -> None:
    """Their B, "Gb", R, "Gr" over 1020 are our planes permuted, before the curve; what exceeds the scale is white."""
    mosaic = np.random.default_rng(0).integers(0, 1024, (64, 96), dtype=np.uint16)
    theirs = np.stack([mosaic[1::2, 1::2], mosaic[0::2, 1::2], mosaic[0::2, 0::2], mosaic[1::2, 0::2]], axis=-1) / 1020
    ours = inverse_curve(pack_mosaic(mosaic), ZRR_INPUT.curve_offset)[..., [3, 1, 0, 2]]
    assert np.allclose(ours, np.minimum(theirs, 1), atol=1e-6)
    assert (mosaic > 1020).any()


def test_the_runtime_prepares_the_same_planes_from_the_file(zrr: Path) -> None:
    """What `lwisp develop --cfa RGGB --bits 10 --black 0 --white 1020 --white-balance 1,1,1` feeds such a student."""
    hints = RawHints(cfa="RGGB", bits=10, black=0, white=1020, white_balance=(1, 1, 1))
    pairs = list(open_zrr(zrr).whole())
    for number, pair in enumerate(pairs):
        raw = read_raw(zrr / "test" / "huawei_raw" / f"{number}.png", hints)
        assert np.array_equal(prepare(raw, ZRR_INPUT).planes, pair.planes)


def test_patches_of_mosaics_lie_on_their_truth(zrr: Path) -> None:
    """Site by site: the made mosaics are their pictures' codes, so only JPEG stands between them."""
    batch = PairBatches(open_zrr(zrr), 64, batch=8, seed=3, steps=1)[0]
    light = inverse_curve(batch.input.numpy(), ZRR_INPUT.curve_offset)
    truth = batch.truth.numpy()
    sites = np.stack([truth[:, 0, ::2, ::2], truth[:, 1, ::2, 1::2], truth[:, 1, 1::2, ::2], truth[:, 2, 1::2, 1::2]])
    assert np.abs(light - sites.swapaxes(0, 1)).mean() < 0.015
    wrong = np.roll(sites, 1, axis=-1).swapaxes(0, 1)
    assert np.abs(light - wrong).mean() > 0.03


def test_numbers_sort_by_value(zrr: Path) -> None:
    pairs = open_zrr(zrr)
    assert [files.name for files in pairs.training] == [f"train/{number}" for number in range(11)]
    assert [files.source.name for files in pairs.training][9:] == ["9.png", "10.png"]


@pytest.mark.parametrize(("count", "kept"), [(None, "012"), (2, "02"), (1, "0"), (9, "012")])
def test_validation_of_zrr_can_be_thinned_evenly(zrr: Path, count: int | None, kept: str) -> None:
    assert "".join(files.source.stem for files in open_zrr(zrr, validation_count=count).validation) == kept


def _rgb_as_mosaic(folder: Path) -> None:
    save(folder / "train/huawei_raw/0.png", picture(0))


def _eight_bits(folder: Path) -> None:
    save(folder / "test/huawei_raw/0.png", (mosaic_of(picture(0, 128, 128)) // 4).astype(np.uint8))


def _twelve_bits(folder: Path) -> None:
    save(folder / "train/huawei_raw/0.png", mosaic_of(picture(0, 128, 128)) * 4)


def _other_size(folder: Path) -> None:
    save(folder / "train/canon/0.jpg", picture(0))


def _grey_truth(folder: Path) -> None:
    save(folder / "train/canon/0.jpg", picture(0, 128, 128)[..., 0])


def _no_number(folder: Path) -> None:
    (folder / "train/huawei_raw/10.png").rename(folder / "train/huawei_raw/ten.png")


def _unmatched(folder: Path) -> None:
    for number in (2, 7):
        (folder / f"train/canon/{number}.jpg").unlink()
    (folder / "train/huawei_raw/10.png").unlink()


def _many_unmatched(folder: Path) -> None:
    for number in range(10):
        (folder / f"train/canon/{number}.jpg").unlink()


def _no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "test/canon")


def _empty_folder(folder: Path) -> None:
    for path in (folder / "test/canon").iterdir():
        path.rename(path.with_suffix(".webp"))


def _truncated(folder: Path) -> None:
    path = folder / "train/huawei_raw/0.png"
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_rgb_as_mosaic, r"train/huawei_raw/0\.png: pixels of type RGB were found; a grey PNG of 16 bits"),
        (_eight_bits, r"test/huawei_raw/0\.png: pixels of type L were found; a grey PNG of 16 bits"),
        (_twelve_bits, r"train/huawei_raw/0\.png: the largest value is \d{4}; .* 10 bits, at most 1023"),
        (_other_size, r"huawei_raw/0\.png has 128x128 px, .*canon/0\.jpg 136x112 px; both must have one size"),
        (_grey_truth, r"canon/0\.jpg: pixels of type L were found; an RGB picture"),
        (_no_number, r"huawei_raw/ten\.png: the name isn't a number\. ZRR holds"),
        (_unmatched, r"train: huawei_raw without canon: 2, 7; canon without huawei_raw: 10\. Every picture needs"),
        (_many_unmatched, r"huawei_raw without canon: 0, 1, 2, 3, 4, 5, 6, 7 and 2 more\."),
        (_no_folder, r"test/canon: the folder can't be read \(No such file.*\)\. ZRR holds .*give the folder"),
        (_empty_folder, r"test/canon: there is no \.jpg file\. ZRR holds"),
        (_truncated, r"train/huawei_raw/0\.png: the picture can't be read .*Unpack it again"),
    ],
)
def test_a_wrong_zrr_is_named(zrr: Path, tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    folder = tmp_path / "zrr"
    shutil.copytree(zrr, folder)
    damage(folder)
    with pytest.raises(UsageError, match=message):
        open_zrr(folder)


def test_a_mosaic_without_room_to_turn_is_named(zrr: Path) -> None:
    with pytest.raises(UsageError, match=r"canon/\d+\.jpg: The picture has 128x128 px; patches of 128 px need 129x129"):
        PairBatches(open_zrr(zrr), 128, batch=1, seed=0, steps=1)[0]


def test_a_picture_damaged_later_is_named_when_it_is_read(zrr: Path, tmp_path: Path) -> None:
    folder = tmp_path / "zrr"
    shutil.copytree(zrr, folder)
    (folder / "train/canon/5.jpg").write_bytes(b"")
    pairs = open_zrr(folder)
    assert pairs.crops(4, 64, 1, np.random.default_rng(0))
    with pytest.raises(UsageError, match=r"canon/5\.jpg: the picture can't be read"):
        pairs.crops(5, 64, 1, np.random.default_rng(0))


def test_damaged_pictures_never_end_in_a_foreign_error(zrr: Path, tmp_path: Path) -> None:
    """Every kind of damage is a UsageError or harmless."""
    rng = np.random.default_rng(0)
    whole = (zrr / "train/huawei_raw/0.png").read_bytes()
    path = tmp_path / "0.png"
    read: Callable[[Path], NDArray[Any]] = open_zrr(zrr).format.read
    refused = 0
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[rng.integers(8, 200 if rng.integers(2) else len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            read(path)
        except UsageError:
            refused += 1
    assert refused > 50
