"""Studies at equal steps: recipes trained from several seeds, a row in a file per finished run, and their table."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lwisp_export.student.ablation import build_student
from lwisp_export.student.cost import count_parameters
from lwisp_export.training.training_recipe import DistillationRecipe, TrainRecipe
from lwisp_export.training.training_run import TrainOptions, train
from lwisp_mobile.errors import UsageError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.files import atomic_write

_FACTS = ("variant", "seed", "steps", "parameters")
"""The first columns of the file; the others are PSNR in dB, by kind of input."""


@dataclass(frozen=True)
class Variant:
    """What is compared: the complete student, one part left out, or any other recipe."""

    name: str
    recipe: TrainRecipe


@dataclass(frozen=True)
class FinishedRun:
    """A variant trained from one seed."""

    variant: str
    seed: int
    steps: int
    parameters: int
    psnr_db: dict[str, float]
    """By kind of input."""

    @property
    def mean_db(self) -> float:
        """Mean over the kinds."""
        return float(np.mean([*self.psnr_db.values()]))


def variants(recipe: TrainRecipe) -> tuple[Variant, ...]:
    """The recipe complete, without distillation, and without each part of the student."""
    return (
        Variant("complete", recipe),
        Variant("without distillation", replace(recipe, distillation=DistillationRecipe())),
        Variant("without FGAM", replace(recipe, without="fgam")),
        Variant("PixelShuffle for CCUB", replace(recipe, without="ccub")),
        Variant("without global vector", replace(recipe, without="global_vector")),
    )


def run_study(
    compared: Sequence[Variant], options: TrainOptions, seeds: Sequence[int], results: Path, progress: Progress
) -> tuple[FinishedRun, ...]:
    """Train what is compared from every seed, each in its own folder under the run's; returns their rows.

    results: gets a row as soon as a run is finished. Runs that have one aren't repeated, and a run that was stopped is
    resumed.
    """
    runs = read_runs(results)
    steps_of = {variant.name: variant.recipe.optimizer.steps for variant in compared}
    for seed in seeds:
        for variant in compared:
            finished = {(run.variant, run.seed, run.steps) for run in runs}
            if (variant.name, seed, steps_of[variant.name]) not in finished:
                runs = (*runs, _train(variant, options, seed, progress))
                write_runs(results, runs)
    return tuple(run for run in runs if steps_of.get(run.variant) == run.steps)


def _train(variant: Variant, options: TrainOptions, seed: int, progress: Progress) -> FinishedRun:
    name, recipe = f"{variant.name}, seed {seed}", replace(variant.recipe, seed=seed)
    folder = options.run / name.replace(", ", "-").replace(" ", "-")
    result = train(recipe, replace(options, run=folder), lambda text: progress(f"{name}: {text}"))
    parameters = count_parameters(build_student(recipe.student, recipe.without))
    return FinishedRun(variant.name, seed, recipe.optimizer.steps, parameters, result.psnr_db)


def write_runs(path: Path, runs: Sequence[FinishedRun]) -> None:
    """Write a file of finished runs (CSV); atomic."""
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*_FACTS, *runs[0].psnr_db])
        for run in runs:
            scores = (f"{value:.4f}" for value in run.psnr_db.values())
            writer.writerow([run.variant, run.seed, run.steps, run.parameters, *scores])


def read_runs(path: Path) -> tuple[FinishedRun, ...]:
    """Read a file of finished runs; none if there is no file. Raises UsageError if it isn't one."""
    if not path.exists():
        return ()
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    try:
        return tuple(
            FinishedRun(name, int(seed), int(steps), int(parameters), dict(zip(head[4:], map(float, db), strict=True)))
            for name, seed, steps, parameters, *db in rows
        )
    except ValueError as error:
        raise UsageError(f"{path}: not a file of finished runs ({error}). Give another one to --results.") from error


def table(runs: Sequence[FinishedRun]) -> list[str]:
    """A Markdown table of the variants: mean PSNR by kind, and the change against the first, seed by seed."""
    if not runs:
        return []
    first = {run.seed: run.mean_db for run in runs if run.variant == runs[0].variant}
    lines = [
        f"| {runs[0].steps:,} steps | parameters | PSNR at {' / '.join(runs[0].psnr_db)} | change: mean; each seed |",
        "|---|---|---|---|",
    ]
    for name in dict.fromkeys(run.variant for run in runs):
        found = [run for run in runs if run.variant == name]
        means = (float(np.mean([run.psnr_db[kind] for run in found])) for kind in found[0].psnr_db)
        changes = [run.mean_db - first[run.seed] for run in found if run.seed in first and name != runs[0].variant]
        change = f"{np.mean(changes):+.2f} dB; {', '.join(f'{value:+.2f}' for value in changes)}" if changes else ""
        scores = " / ".join(f"{mean:.2f}" for mean in means)
        lines.append(f"| {name} | {found[0].parameters:,} | {scores} dB | {change} |")
    return lines
