"""Pairs for training: published layouts written here, cuts in phase, made pairs, and wrong layouts by name."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from lwisp_export.synthesis.camera import REFERENCE_CAMERA, load_sensors
from lwisp_export.synthesis.mosaic import sample_cfa, to_camera
from lwisp_export.synthesis.noise import NoiseLevel, load_phones, typical_noise
from lwisp_export.training.batches import Share, batches
from lwisp_export.training.pairs.cut import MAX_WHOLE_PX, Cut, central_cut, random_cut
from lwisp_export.training.pairs.file_pairs import FilePairs
from lwisp_export.training.pairs.lol import open_lol
from lwisp_export.training.pairs.pair import PairSet
from lwisp_export.training.pairs.sidd import open_sidd
from lwisp_export.training.pairs.source import PairSource, whole_pairs
from lwisp_export.training.pairs.synthetic import (
    DENOISE_EXPOSURE_EV,
    ENHANCE_EXPOSURE_EV,
    MadePairs,
    Retake,
    RetakeRange,
    demosaiced_noise,
    from_camera,
    retake,
)
from lwisp_export.training.pairs.zrr import ZRR_INPUT, open_zrr, pack_mosaic
from lwisp_export.training.validation import input_psnr_db
from lwisp_mobile.errors import UsageError
from lwisp_mobile.preprocess.curve import inverse_curve
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.reader import read_raw
from tests.export.training_data import write_data

U8 = NDArray[np.uint8]
NO_NOISE = NoiseLevel(0.0, 0.0)
# NASA's portrait of Eileen Collins: public domain.
PHOTOGRAPH: U8 = data.astronaut()


def picture(index: int, height: int = 112, width: int = 136) -> U8:
    """A part of the photograph, different for each index."""
    return np.ascontiguousarray(PHOTOGRAPH[40 * index : 40 * index + height, 90 : 90 + width])


def save(path: Path, pixels: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **({"quality": 97} if path.suffix == ".jpg" else {}))


def mosaic_of(rgb: U8) -> NDArray[np.uint16]:
    """A 10-bit RGGB mosaic whose sites are four times the picture's codes: 1020 is white."""
    return (sample_cfa(rgb.astype(np.float32), "RGGB") * 4).astype(np.uint16)


def write_zrr(folder: Path) -> Path:
    """Eleven training numbers, so that 10 comes after 9 only where numbers sort by value; three for testing."""
    for split, count in (("train", 11), ("test", 3)):
        for number in range(count):
            rgb = picture(number % 8, 128, 128)
            save(folder / split / "huawei_raw" / f"{number}.png", mosaic_of(rgb))
            save(folder / split / "canon" / f"{number}.jpg", rgb)
    # What a Mac's archive leaves, and the set's own folder of visualised mosaics.
    (folder / "train" / "huawei_raw" / "._3.png").write_bytes(b"\0\5\x16\7")
    (folder / "train" / "huawei_visualized").mkdir()
    return folder


def write_lol(folder: Path) -> Path:
    for split, names in (("our485", ("2", "5", "100")), ("eval15", ("1", "22"))):
        for index, name in enumerate(names):
            save(folder / split / "high" / f"{name}.png", picture(index))
            save(folder / split / "low" / f"{name}.png", picture(index) // 8)
    return folder


MEDIUM = {
    "0001_001_S6_00100_00060_3200_L": ("0001_{}_SRGB_010.PNG", "0001_{}_SRGB_011.PNG"),
    "0036_002_GP_06400_03200_3200_N": ("0036_{}_SRGB_010.PNG", "0036_{}_SRGB_011.PNG"),
    "0199_010_GP_00800_01600_5500_N": ("0199_{}_SRGB_010.PNG", "0199_{}_SRGB_011.PNG"),
}
SMALL = dict.fromkeys(MEDIUM, ("{}_SRGB_010.PNG",))


def write_sidd(folder: Path, scenes: dict[str, tuple[str, ...]] = MEDIUM) -> Path:
    rng = np.random.default_rng(0)
    for index, (scene, names) in enumerate(scenes.items()):
        for name in names:
            noise = rng.integers(-9, 10, picture(index).shape)
            save(folder / "Data" / scene / name.format("GT"), picture(index))
            save(folder / "Data" / scene / name.format("NOISY"), np.clip(picture(index) + noise, 0, 255).astype("u1"))
    (folder / "Scene_Instances.txt").write_text("\n".join(scenes))
    return folder


@pytest.fixture(scope="module")
def zrr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zrr(tmp_path_factory.mktemp("zrr"))


@pytest.fixture(scope="module")
def lol(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lol(tmp_path_factory.mktemp("lol"))


@pytest.fixture(scope="module")
def sidd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sidd(tmp_path_factory.mktemp("sidd"))


@pytest.fixture(scope="module")
def retakes(tmp_path_factory: pytest.TempPathFactory) -> RetakeRange:
    folder = write_data(tmp_path_factory.mktemp("sensors"))
    sensors, phones = load_sensors(folder / "sensors.json"), load_phones(folder / "noise.json")
    return RetakeRange(sensors, phones, DENOISE_EXPOSURE_EV)


@pytest.fixture(scope="module")
def denoise(retakes: RetakeRange) -> MadePairs:
    return MadePairs((picture(0), picture(1)), (picture(5),), retakes)


@pytest.fixture(scope="module")
def pair_sets(zrr: Path, sidd: Path, lol: Path, denoise: MadePairs) -> dict[str, PairSet]:
    return {"zrr": open_zrr(zrr), "sidd": open_sidd(sidd), "lol": open_lol(lol), "made": denoise}


@pytest.mark.parametrize(("name", "planes", "scale"), [("zrr", 4, 2), ("sidd", 3, 1), ("lol", 3, 1), ("made", 3, 1)])
def test_batches_depend_on_seed_and_step_alone(
    pair_sets: dict[str, PairSet], name: str, planes: int, scale: int
) -> None:
    source = PairSource(pair_sets[name], patch_px=64, batch=3, seed=1, steps=9)
    first, again, other = source[7], source[7], source[8]
    from_worker = next(batches(source, 7, workers=1))
    assert torch.equal(first.input, again.input)
    assert torch.equal(first.input, from_worker.input)
    assert torch.equal(first.truth, from_worker.truth)
    assert not torch.equal(first.truth, other.truth)
    assert not torch.equal(first.truth, replace(source, seed=2)[7].truth)
    assert first.input.shape == (3, planes, 64 // scale, 64 // scale)
    assert first.truth.shape == (3, 3, 64, 64)
    assert all(side.dtype == torch.float32 and 0 <= side.min() <= side.max() <= 1 for side in first[:2])
    assert first.context is None


@pytest.mark.parametrize("crops_per_picture", [1, 2])
def test_processes_share_a_batch(pair_sets: dict[str, PairSet], crops_per_picture: int) -> None:
    source = PairSource(pair_sets["lol"], 32, batch=8, seed=1, steps=1, crops_per_picture=crops_per_picture)
    shares = [replace(source, share=Share(index, 2))[0].truth for index in range(2)]
    pictures = [
        patch for pair in zip(*(share.split(crops_per_picture) for share in shares), strict=True) for patch in pair
    ]
    assert torch.equal(torch.cat(pictures), source[0].truth)


def test_several_crops_are_cut_from_a_picture_read_once(lol: Path) -> None:
    reads: list[Path] = []
    pairs = open_lol(lol)

    def counted(path: Path) -> NDArray[Any]:
        reads.append(path)
        return pairs.format.read(path)

    source = PairSource(replace(pairs, format=replace(pairs.format, read=counted)), 32, batch=7, seed=0, steps=1)
    assert replace(source, crops_per_picture=3)[0].input.shape[0] == 7
    assert len(reads) == 3


def test_mosaics_are_packed_and_scaled_as_the_authors_do() -> None:
    """Their B, "Gb", R, "Gr" over 1020 are our planes permuted, before the curve; what exceeds the scale is white."""
    mosaic = np.random.default_rng(0).integers(0, 1024, (64, 96), dtype=np.uint16)
    theirs = np.stack([mosaic[1::2, 1::2], mosaic[0::2, 1::2], mosaic[0::2, 0::2], mosaic[1::2, 0::2]], axis=-1) / 1020
    ours = inverse_curve(pack_mosaic(mosaic), ZRR_INPUT.curve_offset)[..., [3, 1, 0, 2]]
    assert np.allclose(ours, np.minimum(theirs, 1), atol=1e-6)
    assert (mosaic > 1020).any()


def test_the_runtime_makes_the_same_planes_of_the_file(zrr: Path) -> None:
    """What `lwisp develop --cfa RGGB --bits 10 --black 0 --white 1020 --white-balance 1,1,1` feeds such a student."""
    hints = RawHints(cfa="RGGB", bits=10, black=0, white=1020, white_balance=(1, 1, 1))
    pairs = list(open_zrr(zrr).whole())
    for number, pair in enumerate(pairs):
        raw = read_raw(zrr / "test" / "huawei_raw" / f"{number}.png", hints)
        assert np.array_equal(prepare(raw, ZRR_INPUT).planes, pair.planes)


def test_cuts_of_mosaics_stay_rggb_under_every_turn() -> None:
    rgb = picture(0, 49, 62).astype(np.float32)
    mosaic = sample_cfa(rgb, "RGGB")
    rng = np.random.default_rng(0)
    cuts = [random_cut(rgb.shape, 32, 2, rng) for _ in range(1000)]
    assert all(np.array_equal(cut.of(mosaic), sample_cfa(cut.of(rgb), "RGGB")) for cut in cuts)
    assert len({(cut.flip_rows, cut.flip_columns, cut.transpose) for cut in cuts}) == 8
    assert {cut.top_px for cut in cuts} == set(range(18))
    assert {cut.left_px for cut in cuts} == set(range(31))


@pytest.mark.parametrize("cell_px", [1, 2])
def test_cuts_take_the_whole_room_and_no_more(cell_px: int) -> None:
    shape = (31 + cell_px, 31 + cell_px)
    cuts = [random_cut(shape, 32, cell_px, np.random.default_rng(seed)) for seed in range(20)]
    assert all(cut.of(np.zeros(shape)).shape == (32, 32) for cut in cuts)
    with pytest.raises(UsageError, match=rf"32 px need {31 + cell_px}x{31 + cell_px}\. Lower patch_px"):
        random_cut((30 + cell_px, 99), 32, cell_px, np.random.default_rng(0))


def test_patches_of_mosaics_lie_on_their_truth(zrr: Path) -> None:
    """Site by site: the made mosaics are their pictures' codes, so only JPEG stands between them."""
    batch = PairSource(open_zrr(zrr), 64, batch=8, seed=3, steps=1)[0]
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


@pytest.mark.parametrize(
    ("name", "kinds", "size"),
    [
        ("zrr", {"test": 3}, (128, 128)),
        ("sidd", {"iso800": 2}, (112, 128)),
        ("lol", {"eval15": 2}, (112, 128)),
        ("made", {"iso100": 1, "iso800": 1, "iso3200": 1}, (112, 128)),
    ],
)
def test_validation_pictures_are_whole_and_always_the_same(
    pair_sets: dict[str, PairSet], name: str, kinds: dict[str, int], size: tuple[int, int]
) -> None:
    first, again = (tuple(whole_pairs(pair_sets[name])) for _ in range(2))
    assert {kind: sum(pair.kind == kind for pair in first) for kind in kinds} == kinds
    assert len(first) == sum(kinds.values())
    assert all(pair.truth.shape == (1, 3, *size) for pair in first)
    assert all(torch.equal(a.input, b.input) and torch.equal(a.truth, b.truth) for a, b in zip(first, again))


def test_central_cuts_are_even_and_bounded() -> None:
    assert central_cut((3000, 5328, 3), 16) == Cut(988, 2152, MAX_WHOLE_PX, MAX_WHOLE_PX)
    assert central_cut((400, 600), 16) == Cut(0, 4, 400, 592)
    with pytest.raises(UsageError, match="at least 32x32 are needed"):
        central_cut((31, 99), 32)


def test_lol_is_read_as_published(lol: Path) -> None:
    pairs = open_lol(lol)
    assert [files.name for files in pairs.training] == ["our485/2", "our485/5", "our485/100"]
    (crop,) = pairs.crops(1, 96, 1, np.random.default_rng(0))
    assert np.array_equal(np.rint(crop.planes * 255), np.rint(crop.truth * 255) // 8)


@pytest.mark.parametrize(("scenes", "count"), [(MEDIUM, 4), (SMALL, 2)], ids=["medium", "small"])
def test_sidd_is_read_as_published(tmp_path: Path, scenes: dict[str, tuple[str, ...]], count: int) -> None:
    pairs = open_sidd(write_sidd(tmp_path, scenes))
    assert len(pairs) == count
    assert {files.name[:8] for files in pairs.training} == {"0001_001", "0036_002"}
    assert {files.name[:8] for files in pairs.validation} == {"0199_010"}
    assert {files.kind for files in pairs.training} == {"iso100", "iso6400"}
    (crop,) = pairs.crops(0, 96, 1, np.random.default_rng(0))
    assert 0.01 < np.abs(crop.planes - crop.truth).mean() < 0.03


def test_sidd_can_hold_out_other_scenes(sidd: Path) -> None:
    assert {files.name[5:8] for files in open_sidd(sidd, held_out=["001", "002"]).training} == {"010"}
    with pytest.raises(UsageError, match="holds scenes 001, 002, 010, of which 005 are held out: one side is empty"):
        open_sidd(sidd, held_out=["005"])


def test_a_retake_without_noise_is_the_photograph() -> None:
    photograph = picture(2)
    again = retake(photograph, Retake(REFERENCE_CAMERA, NO_NOISE, 0.0), np.random.default_rng(0))
    assert np.abs(again * 255 - photograph).max() <= 1
    light = np.random.default_rng(1).random((4, 5, 3), dtype=np.float32)
    assert np.allclose(from_camera(to_camera(light, REFERENCE_CAMERA), REFERENCE_CAMERA), light, atol=1e-5)


def test_noise_is_coloured_and_correlated_as_demosaicing_leaves_it() -> None:
    """Bilinear weights: a missing red is the mean of 2 or 4 sites, so red keeps 9/16 of its variance, green 5/8."""
    noise = demosaiced_noise(np.full((256, 256, 3), 0.25, np.float32), NoiseLevel(0.0, 1.0), np.random.default_rng(0))
    inner = noise[1:-1, 1:-1]
    assert inner.var(axis=(0, 1)) == pytest.approx([9 / 16, 5 / 8, 9 / 16], rel=0.05)
    neighbours = np.mean(inner[:, 1:] * inner[:, :-1], axis=(0, 1)) / inner.var(axis=(0, 1))
    assert (neighbours > 0.3).all()


def test_darker_light_is_noisier_relative_to_itself() -> None:
    grey = np.full((128, 128, 3), 128, np.uint8)
    takes = [
        retake(grey, Retake(REFERENCE_CAMERA, typical_noise(iso), exposure), np.random.default_rng(0))
        for iso, exposure in ((100, 0.0), (1600, 0.0), (1600, -2.0))
    ]
    relative = [take.std() / take.mean() for take in takes]
    assert relative[0] < 0.5 * relative[1] < 0.5 * relative[2]
    assert takes[2].mean() < 0.4 * takes[1].mean()


def test_made_denoise_inputs_score_worse_at_higher_iso(denoise: MadePairs) -> None:
    scores = input_psnr_db(tuple(whole_pairs(denoise)))
    assert 40 > scores["iso100"] > scores["iso800"] + 3 > scores["iso3200"] + 6 > 15


def test_made_enhance_inputs_are_dark_and_their_truth_is_not(denoise: MadePairs) -> None:
    enhance = replace(denoise, retakes=replace(denoise.retakes, exposure_ev=ENHANCE_EXPOSURE_EV))
    assert all(pair.planes.mean() < 0.6 * pair.truth.mean() for pair in enhance.whole())
    truths = [pair.truth for pair in enhance.whole()]
    assert all(np.array_equal(np.rint(truth * 255), picture(5)[:, 4:132]) for truth in truths)


def test_a_photograph_smaller_than_the_patch_is_refused(denoise: MadePairs) -> None:
    with pytest.raises(UsageError, match="has 136x112 px; patches of 128 px need 128x128"):
        PairSource(denoise, 128, batch=1, seed=0, steps=1)[0]


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
        PairSource(open_zrr(zrr), 128, batch=1, seed=0, steps=1)[0]


def test_a_picture_damaged_later_is_named_when_its_turn_comes(zrr: Path, tmp_path: Path) -> None:
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


def test_wrong_lol_layouts_are_named(lol: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"our485/low: the folder can't be read .*LoL holds .*give the folder"):
        open_lol(lol / "our485")
    folder = tmp_path / "lol"
    shutil.copytree(lol, folder)
    (folder / "our485/high/5.png").rename(folder / "our485/high/6.png")
    with pytest.raises(UsageError, match=r"our485: low without high: 5; high without low: 6\."):
        open_lol(folder)


def _strange_scene(folder: Path) -> None:
    (folder / "Data" / "crops").mkdir()


def _lone_noisy(folder: Path) -> None:
    (folder / "Data" / next(iter(MEDIUM)) / "0001_GT_SRGB_011.PNG").unlink()


def _no_pictures(folder: Path) -> None:
    for path in (folder / "Data" / next(iter(MEDIUM))).iterdir():
        path.rename(path.with_suffix(".MAT"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_strange_scene, r"Data/crops: the name isn't a scene's\. SIDD"),
        (_lone_noisy, r"0001_001_S6_00100_00060_3200_L: NOISY_SRGB without GT_SRGB: 011\."),
        (_no_pictures, r"3200_L: there are no NOISY_SRGB and GT_SRGB pictures\. SIDD"),
    ],
)
def test_a_wrong_sidd_is_named(sidd: Path, tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    folder = tmp_path / "sidd"
    shutil.copytree(sidd, folder)
    damage(folder)
    with pytest.raises(UsageError, match=message):
        open_sidd(folder)


def test_the_folder_above_data_is_asked_for(sidd: Path) -> None:
    with pytest.raises(UsageError, match=r"Data/Data: the folder can't be read .*give the folder that holds Data"):
        open_sidd(sidd / "Data")


def test_files_beside_the_pictures_are_left_alone(sidd: Path, tmp_path: Path) -> None:
    """Metadata and RAW come in the same folders where the whole dataset was downloaded."""
    folder = tmp_path / "sidd"
    shutil.copytree(sidd, folder)
    scene = folder / "Data" / next(iter(MEDIUM))
    for name in ("0001_METADATA_RAW_010.MAT", "0001_NOISY_RAW_010.MAT", ".DS_Store"):
        (scene / name).write_bytes(b"")
    (folder / "Data" / ".DS_Store").write_bytes(b"")
    assert len(open_sidd(folder)) == len(open_sidd(sidd)) == 4


def test_validation_is_never_trained_on(pair_sets: dict[str, PairSet]) -> None:
    for name in ("zrr", "sidd", "lol"):
        pairs = pair_sets[name]
        assert isinstance(pairs, FilePairs)
        assert not {files.truth for files in pairs.training} & {files.truth for files in pairs.validation}
