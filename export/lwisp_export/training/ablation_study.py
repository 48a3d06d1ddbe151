"""The ablation study: the same recipe, steps and seeds, each time with one part left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lwisp_export.student.ablation import build_student
from lwisp_export.student.cost import count_parameters
from lwisp_export.training.training_recipe import DistillationRecipe, TrainRecipe
from lwisp_export.training.training_run import TrainOptions, train
from lwisp_export.training.validation import ValidationResult
from lwisp_mobile.progress import Progress

COMPLETE = "complete"


@dataclass(frozen=True)
class Variant:
    """The complete student, or one part left out."""

    name: str
    recipe: TrainRecipe


@dataclass(frozen=True)
class VariantScores:
    """A variant's scores."""

    name: str
    parameters: int
    psnr_db: dict[str, tuple[float, ...]]
    """By kind of input; one value per seed, in the order of the seeds."""

    def means_db(self) -> tuple[float, ...]:
        """Mean over the kinds, per seed."""
        return tuple(float(np.mean(values)) for values in zip(*self.psnr_db.values()))


def variants(recipe: TrainRecipe) -> tuple[Variant, ...]:
    """The recipe complete, without distillation, and without each part of the student."""
    return (
        Variant(COMPLETE, recipe),
        Variant("without distillation", replace(recipe, distillation=DistillationRecipe())),
        Variant("without FGAM", replace(recipe, without="fgam")),
        Variant("PixelShuffle for CCUB", replace(recipe, without="ccub")),
        Variant("without global vector", replace(recipe, without="global_vector")),
    )


def ablate(
    recipe: TrainRecipe, options: TrainOptions, seeds: Sequence[int], progress: Progress
) -> tuple[VariantScores, ...]:
    """Train every variant from every seed, each in its own folder under the run's; finished runs aren't repeated."""
    found = []
    for variant in variants(recipe):
        results = [_train_seed(variant, options, seed, progress) for seed in seeds]
        scores = {kind: tuple(result.psnr_db[kind] for result in results) for kind in results[0].psnr_db}
        parameters = count_parameters(build_student(recipe.student, variant.recipe.without))
        found.append(VariantScores(variant.name, parameters, scores))
    return tuple(found)


def _train_seed(variant: Variant, options: TrainOptions, seed: int, progress: Progress) -> ValidationResult:
    name = f"{variant.name}, seed {seed}"
    folder = options.run / name.replace(", ", "-").replace(" ", "-")
    recipe = replace(variant.recipe, seed=seed)
    return train(recipe, replace(options, run=folder), lambda text: progress(f"{name}: {text}"))


def table(results: Sequence[VariantScores]) -> list[str]:
    """Mean PSNR by kind, and the difference to the complete student, seed by seed: its mean and its range."""
    kinds = list(results[0].psnr_db)
    head = "".join(f"{kind:>9}" for kind in kinds)
    lines = [f"{'variant':<24}{'parameters':>11}{head}     mean  against complete: mean, least, most"]
    complete = results[0].means_db()
    for result in results:
        cells = "".join(f"{float(np.mean(result.psnr_db[kind])):9.2f}" for kind in kinds)
        differences = [one - other for one, other in zip(result.means_db(), complete)]
        mean = f"{float(np.mean(result.means_db())):9.2f}"
        spread = f"{float(np.mean(differences)):+12.2f}{min(differences):+8.2f}{max(differences):+8.2f}"
        lines.append(
            f"{result.name:<24}{result.parameters:>11,}{cells}{mean}{spread if result is not results[0] else ''}"
        )
    return lines
