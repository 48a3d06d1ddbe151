"""The ablation study: variants, resuming, its file and its table."""

from dataclasses import replace
from pathlib import Path

import pytest

from lwisp_export.training.ablation_study import FinishedRun, Variant, read_runs, run_study, table, variants, write_runs
from lwisp_export.training.training_recipe import DistillationRecipe, TrainRecipe
from lwisp_export.training.training_run import TrainOptions
from lwisp_mobile.errors import UsageError
from tests.export.training_data import RECIPE, SKIPPING

RUNS = (
    FinishedRun("complete", 1, 2, 10, {"iso100": 30.0, "iso800": 28.0}),
    FinishedRun("other", 1, 2, 9, {"iso100": 29.0, "iso800": 27.0}),
    FinishedRun("complete", 2, 2, 10, {"iso100": 32.0, "iso800": 30.0}),
    FinishedRun("other", 2, 2, 9, {"iso100": 32.5, "iso800": 30.5}),
)


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


def test_a_study_trains_every_variant_and_repeats_none(data: Path, teacher: Path, tmp_path: Path) -> None:
    compared = variants(_short(replace(SKIPPING, distillation=DistillationRecipe(features=0.1, perceptual=0.1))))
    options = TrainOptions(data=data, run=tmp_path / "study", teacher=teacher, workers=0)
    results = tmp_path / "results.csv"
    first = run_study(compared, options, (1,), results, lambda _: None)
    assert len({run.psnr_db["iso100"] for run in first}) == 5
    # What was finished and written isn't touched again; what was only trained is resumed.
    write_runs(results, read_runs(results)[:-1])
    said: list[str] = []
    again = run_study(compared, options, (1,), results, said.append)
    assert [run.variant for run in again] == [run.variant for run in first]
    assert again[-1] == first[-1]
    assert [text.split(": ")[:1] for text in said if "resumed" in text] == [["without global vector, seed 1"]]


def test_more_steps_are_another_run(data: Path, tmp_path: Path) -> None:
    results, options = tmp_path / "results.csv", TrainOptions(data=data, run=tmp_path / "study", workers=0)
    for steps in (1, 2):
        runs = run_study([Variant("one", _short(RECIPE, steps))], options, (1,), results, lambda _: None)
        assert [run.steps for run in runs] == [steps]
    assert [run.steps for run in read_runs(results)] == [1, 2]


def _short(recipe: TrainRecipe, steps: int = 2) -> TrainRecipe:
    return replace(recipe, optimizer=replace(recipe.optimizer, steps=steps))


def test_runs_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    assert read_runs(path) == ()
    write_runs(path, RUNS)
    assert read_runs(path) == RUNS
    assert path.read_text().splitlines()[:2] == [
        "variant,seed,steps,parameters,iso100,iso800",
        "complete,1,2,10,30.0000,28.0000",
    ]
    path.write_text("variant,seed,steps,parameters,iso100\ncomplete,one,2,10,30\n")
    with pytest.raises(UsageError, match="not a file of finished runs"):
        read_runs(path)


def test_the_table_compares_seed_by_seed() -> None:
    assert table(RUNS)[2:] == [
        "| complete | 10 | 31.00 / 29.00 dB |  |",
        "| other | 9 | 30.75 / 28.75 dB | -0.25 dB; -1.00, +0.50 |",
    ]
    assert table(()) == []
