"""The training run: batches in, checkpoints, a CSV log and validation out; can be stopped and resumed."""

import csv
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from lwisp_export.distill.batches import BatchSource, batches
from lwisp_export.distill.photos import PhotoSet, load_photos
from lwisp_export.distill.trainer import Trainer, learning_rate
from lwisp_export.distill.validation import ValidationResult, validate, validation_pairs
from lwisp_export.recipe import TrainRecipe
from lwisp_export.student.checkpoint import (
    CheckpointInfo,
    load_moments,
    read_tensors,
    save_checkpoint,
    save_moments,
)
from lwisp_export.student.contract import STUDENT_INPUT
from lwisp_export.unprocess.camera import load_sensors
from lwisp_export.unprocess.noise import load_phones
from lwisp_export.unprocess.pairs import ShotRange


@dataclass(frozen=True)
class TrainOptions:
    """A run's folder and machine."""

    data: Path
    run: Path
    start: Path | None = None
    """A checkpoint to start from when the run's folder holds no state."""
    moments: Path | None = None
    """The optimiser's moments kept with that checkpoint."""
    device: str = "cpu"
    workers: int = 1
    threads: int = 1
    steps: int | None = None
    """Stop after this step of the schedule (for trying things out); None: run to its end."""


def train(recipe: TrainRecipe, options: TrainOptions, report: Callable[[str], None]) -> ValidationResult:
    """Train until the recipe's last step; returns the last validation.

    Continues from state.pt in the run's folder if it's there. Raises UsageError if data is missing.
    """
    torch.set_num_threads(options.threads)
    options.run.mkdir(parents=True, exist_ok=True)
    photos = load_photos(options.data, recipe.data)
    shots = ShotRange(
        load_sensors(options.data / recipe.data.sensors),
        load_phones(options.data / recipe.data.noise),
        saturation=recipe.data.saturation,
    )
    trainer = begin(recipe, options, report)
    return _run(trainer, options, photos, shots, report)


def begin(recipe: TrainRecipe, options: TrainOptions, report: Callable[[str], None]) -> Trainer:
    """A trainer with the run's saved state, or the start checkpoint's weights, or random ones."""
    trainer = Trainer(recipe, options.device)
    state = options.run / "state.pt"
    if state.exists():
        trainer.load(state)
        report(f"resumed {state} at step {trainer.step}")
    elif options.start is not None:
        trainer.start_from(read_tensors(options.start)[1], load_moments(options.moments) if options.moments else None)
        report(f"started from {options.start}")
    return trainer


def _run(
    trainer: Trainer, options: TrainOptions, photos: PhotoSet, shots: ShotRange, report: Callable[[str], None]
) -> ValidationResult:
    recipe = trainer.recipe
    last = min(recipe.optimizer.steps, options.steps or recipe.optimizer.steps)
    data = recipe.data
    source = BatchSource(photos.training, shots, STUDENT_INPUT, data.patch_px, data.batch, recipe.seed, last)
    pairs = validation_pairs(photos.validation, shots, STUDENT_INPUT)
    saved_at, losses, started = time.monotonic(), [], time.monotonic()
    for packed, truth in batches(source, trainer.step, options.workers):
        losses.append(trainer.train_step(packed, truth))
        if trainer.step % recipe.log.log_steps == 0:
            rate = len(losses) / (time.monotonic() - started)
            report(f"step {trainer.step}/{last} loss {sum(losses) / len(losses):.5f} {rate:.1f} steps/s")
            losses, started = [], time.monotonic()
        if trainer.step % recipe.log.validate_steps == 0:
            _log(trainer, options.run, validate(trainer.averaged(), pairs), report)
        if time.monotonic() - saved_at > 60 * recipe.log.save_minutes:
            save_all(trainer, options.run)
            saved_at = time.monotonic()
    save_all(trainer, options.run)
    result = validate(trainer.averaged(), pairs)
    _log(trainer, options.run, result, report)
    return result


def save_all(trainer: Trainer, run: Path) -> None:
    """Save the exact state, the checkpoint that ships, and the small optimiser state kept beside it."""
    trainer.save(run / "state.pt")
    digest = hashlib.sha256(repr(trainer.recipe).encode()).hexdigest()
    info = CheckpointInfo(trainer.recipe.name, trainer.recipe.student, trainer.step, digest)
    save_checkpoint(run / f"{info.name}.safetensors", trainer.average, info)
    if trainer.step:
        save_moments(run / f"{info.name}.moments.safetensors", trainer.moments(), trainer.step)


def _log(trainer: Trainer, run: Path, result: ValidationResult, report: Callable[[str], None]) -> None:
    """Append a validation to the run's log.csv."""
    scores = " ".join(f"ISO {iso}: {value:.2f} dB" for iso, value in result.psnr_db.items())
    report(f"step {trainer.step} validation {scores}, dead attention units: {result.dead_units}")
    path = run / "log.csv"
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(["step", "learning_rate", "dead_units", *(f"psnr_db_iso{iso}" for iso in result.psnr_db)])
        rate = learning_rate(trainer.step - 1, trainer.recipe.optimizer)
        writer.writerow([trainer.step, rate, result.dead_units, *result.psnr_db.values()])
