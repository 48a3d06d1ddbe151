"""Quantisation recipes: read as written, wrong ones named."""

from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_export.quantization.quantization_recipe import (
    ActivationRules,
    QuantizationRecipe,
    TensorRule,
    find_quantization,
    load_quantization,
    shipped_recipes,
    to_toml,
)
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_mobile.errors import UsageError
from tests.export.chain_models import float_graph, tile


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_recipes_are_read_as_they_are_written(name: str, tmp_path: Path) -> None:
    recipe = find_quantization(name)
    assert recipe.name == name
    changed = replace(recipe, activations=ActivationRules("mse", 99.5, (TensorRule('a "b"', "percentile"),)))
    for each in (recipe, changed):
        (tmp_path / "r.toml").write_text(to_toml(each))
        assert find_quantization(str(tmp_path / "r.toml")) == each


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\nfloats = []', "unknown key 'floats'"),
        ('name = "x"\nscheme = "int4"', "must be one of int8, int16x8, dynamic, weights"),
        ('name = "x"\n[activations]\npercentile = 0.9999', "percentile is 0.9999"),
        ('name = "x"\nscheme = "dynamic"\nfloat_operators = ["rgb"]', "for the scheme int8"),
        ("name =", "isn't TOML"),
    ],
)
def test_wrong_recipes_are_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(UsageError, match=words):
        load_quantization(tmp_path / "r.toml")


def test_unknown_recipes_and_tensors_are_named() -> None:
    with pytest.raises(UsageError, match=r"give a \.toml file or one of: compensated"):
        find_quantization("best")
    for recipe in (
        QuantizationRecipe("x", float_operators=("nowhere",)),
        QuantizationRecipe("x", activations=ActivationRules(tensors=(TensorRule("nowhere", "mse"),))),
    ):
        with pytest.raises(UsageError, match="names nowhere, which no operator"):
            quantize_int8(float_graph(), [tile(0)], recipe)
