"""A data folder against a list."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_export.training.data_listing import compare_data, shipped_listing, write_listing
from lwisp_export.training.training_recipe import find_recipe
from lwisp_mobile.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    (made / "rgb" / "set").mkdir(parents=True)
    (made / "sensor").mkdir()
    (made / "sensor" / "noise.json").write_text("{}")
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 256, (8, 6, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(made / "rgb" / "set" / f"{seed}.png")
    return made


def test_what_is_missing_other_or_new_is_named(folder: Path, tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    write_listing(folder, listing)
    found = compare_data(folder, listing)
    assert found.is_complete
    assert found.as_listed == {"rgb/set": 3, "sensor": 1}
    first, second, third = sorted((folder / "rgb" / "set").iterdir())
    with Image.open(first) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(first)
    second.unlink()
    shutil.copy(third, folder / "rgb" / "set" / "new.png")
    found = compare_data(folder, listing)
    assert (found.different, found.missing, found.unlisted) == (
        ("rgb/set/0.png",),
        ("rgb/set/1.png",),
        ("rgb/set/new.png",),
    )
    assert not found.is_complete


def test_another_encoder_makes_no_difference(folder: Path, tmp_path: Path) -> None:
    write_listing(folder, tmp_path / "list.txt")
    path = folder / "rgb" / "set" / "0.png"
    before = path.read_bytes()
    with Image.open(path) as image:
        image.save(path, compress_level=0)
    assert path.read_bytes() != before
    assert compare_data(folder, tmp_path / "list.txt").is_complete


def test_what_can_not_be_read_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has nothing in rgb or sensor"):
        compare_data(tmp_path / "nowhere", shipped_listing())
    (tmp_path / "list.txt").write_text("one word\n")
    with pytest.raises(UsageError, match="not a list of data"):
        compare_data(folder, tmp_path / "list.txt")


@pytest.mark.parametrize("name", ["lwisp", "lwisp-skip"])
def test_the_shipped_list_has_all_that_recipes_name(name: str) -> None:
    listed = [line.split("  ", 1)[1] for line in shipped_listing().read_text().splitlines()]
    data = find_recipe(name).data
    assert {*data.validation, *data.held_out, data.sensors, data.noise} <= {*listed}
    assert {str(Path(entry).parent) for entry in listed} >= {*data.photos}
