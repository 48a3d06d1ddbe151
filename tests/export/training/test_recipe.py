"""Recipes: those that ship load, and broken ones are named."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from lwisp_export.training.training_recipe import find_recipe, load_recipe
from lwisp_mobile.errors import UsageError

SHIPPED = sorted(path.name for path in files("lwisp_export.recipes").iterdir() if path.name.endswith(".toml"))
MINIMAL = '[data]\nphotos = ["a"]\nvalidation = []\nsensors = "s"\nnoise = "n"\n'


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipes_load(name: str) -> None:
    recipe = find_recipe(name.removesuffix(".toml"))
    assert recipe.name in name
    assert recipe.data.patch_px % 32 == 0


def test_there_is_a_recipe_for_the_student_that_ships() -> None:
    assert "lwisp.toml" in SHIPPED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "isn't TOML"),
        (MINIMAL, "'name' is missing"),
        ('name = "x"', "'data' is missing"),
        ('name = "x"\nseeds = 2\n' + MINIMAL, "unknown key 'seeds'"),
        ('name = "x"\n' + MINIMAL + "batch = 2.5", "batch must be int"),
        ('name = "x"\n' + MINIMAL + "patch_px = 40", "multiple of 32"),
        ('name = "x"\n' + MINIMAL + "patch_px = 96\ncontext_share = 0.5", "multiple of 64"),
        ('name = "x"\n[data]\nphotos = ["a"]', "needs photos, sensors and noise"),
        ('name = "x"\n' + MINIMAL + 'layout = "sidd"', "Task isp trains on photographs or zrr, not on sidd"),
        ('name = "x"\n' + MINIMAL + "patch_px = 32", "ms_ssim needs patch_px of 64"),
        ('name = "x"\n' + MINIMAL + "[student]\nwidth = 6", "multiple of 4"),
        ('name = "x"\n' + MINIMAL + "[data.shots]\nsoft_share = 2.0", "soft_share is 2.0"),
        ('name = "x"\n' + MINIMAL + "[optimizer]\nlearning_rate = nan", "learning_rate is nan"),
    ],
)
def test_broken_recipes_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        load_recipe(path)


def test_binary_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    for name, message in (("b.toml", "isn't TOML"), ("missing.toml", "can't be read")):
        with pytest.raises(UsageError, match=message):
            load_recipe(tmp_path / name)


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(UsageError, match="lwisp"):
        find_recipe("nothing")


def test_the_recipes_of_skip_students_differ_in_size_alone() -> None:
    full, lite = find_recipe("lwisp-skip"), find_recipe("lwisp-lite-skip")
    assert lite.data == full.data
    assert lite.loss == full.loss
    assert replace(lite.student, width=16) == full.student
    assert {name.rpartition("/")[0] for name in full.data.held_out} == {"rgb/cid22", "rgb/clic"}
