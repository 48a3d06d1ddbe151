"""The ablation study: variants, resuming, and its table."""

from dataclasses import replace
from pathlib import Path

from lwisp_export.training.ablation_study import VariantScores, ablate, table, variants
from lwisp_export.training.training_recipe import DistillationRecipe, TeacherRecipe, TrainRecipe
from lwisp_export.training.training_run import TrainOptions, train
from tests.export.training_data import RECIPE


def test_the_ablation_leaves_out_one_part_at_a_time() -> None:
    recipe = replace(RECIPE, distillation=DistillationRecipe(features=0.1))
    complete, *others = variants(recipe)
    assert complete.recipe == recipe
    for other in others:
        changed = [
            key for key in ("distillation", "without") if getattr(other.recipe, key) != getattr(complete.recipe, key)
        ]
        assert len(changed) == 1, other.name
    assert len({other.name for other in others}) == 4


def test_an_ablation_trains_every_variant_and_repeats_none(data: Path, tmp_path: Path) -> None:
    teacher = replace(RECIPE, name="teacher", teacher=TeacherRecipe(width=8))
    train(teacher, TrainOptions(data=data, run=tmp_path / "teacher", workers=0, steps=1), lambda _: None)
    recipe = _short(replace(RECIPE, distillation=DistillationRecipe(features=0.1, perceptual=0.1)))
    options = TrainOptions(
        data=data, run=tmp_path / "study", teacher=tmp_path / "teacher" / "teacher.safetensors", workers=0
    )
    first = ablate(recipe, options, (1, 2), lambda _: None)
    said: list[str] = []
    assert ablate(recipe, options, (1, 2), said.append) == first
    assert sum("resumed" in text for text in said) == 10
    assert len({result.psnr_db["iso100"] for result in first}) == 5
    assert {len(result.psnr_db["iso100"]) for result in first} == {2}


def _short(recipe: TrainRecipe) -> TrainRecipe:
    return replace(recipe, optimizer=replace(recipe.optimizer, steps=2))


def test_the_table_compares_seed_by_seed() -> None:
    complete = VariantScores("complete", 10, {"iso100": (30.0, 32.0), "iso800": (28.0, 30.0)})
    other = VariantScores("other", 9, {"iso100": (29.0, 32.5), "iso800": (27.0, 30.5)})
    assert other.means_db() == (28.0, 31.5)
    lines = table((complete, other))
    assert lines[1].split() == ["complete", "10", "31.00", "29.00", "30.00"]
    assert lines[2].split() == ["other", "9", "30.75", "28.75", "29.75", "-0.25", "-1.00", "+0.50"]
