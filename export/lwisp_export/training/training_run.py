"""The training run: batches in; checkpoints, a CSV log and a picture strip out; can be interrupted and resumed."""

import csv
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from lwisp_export.student.checkpoint import (
    CheckpointInfo,
    TeacherInfo,
    TrainedRange,
    load_moments,
    read_tensors,
    save_checkpoint,
    save_moments,
)
from lwisp_export.student.widening import can_widen, widen
from lwisp_export.training.batches import Share, batches
from lwisp_export.training.distributed import check_share, process_group
from lwisp_export.training.objective_setup import make_objective
from lwisp_export.training.picture_strip import Strip
from lwisp_export.training.qat.fake_quant import FakeQuantStudent
from lwisp_export.training.qat.trained_ranges import ranges_of
from lwisp_export.training.task_data import TaskData, input_contract, load_task_data
from lwisp_export.training.trainer import Trainer, learning_rate
from lwisp_export.training.training_recipe import TrainRecipe
from lwisp_export.training.validation import ValidationResult, validate
from lwisp_mobile.progress import Progress, silent


@dataclass(frozen=True)
class TrainOptions:
    """A run's folder and machine."""

    data: Path
    run: Path
    start: Path | None = None
    """A checkpoint to start from if the run's folder has no state.pt."""
    moments: Path | None = None
    """The optimiser's moments saved with that checkpoint."""
    teacher: Path | None = None
    """The teacher's checkpoint, for recipes that distil."""
    device: str = "cpu"
    workers: int = 1
    threads: int = 1
    steps: int | None = None
    """Stop after this step of the schedule; None: at its end."""


def train(recipe: TrainRecipe, options: TrainOptions, progress: Progress) -> ValidationResult:
    """Train until the recipe's last step; returns the last validation.

    Resumes from state.pt in the run's folder if there is one. Under torchrun every process trains on its share and
    the first one writes. Raises UsageError if data is missing.
    """
    torch.set_num_threads(options.threads)
    options.run.mkdir(parents=True, exist_ok=True)
    with process_group(options.device) as share:
        check_share(recipe.data.batch, share)
        last = min(recipe.optimizer.steps, options.steps or recipe.optimizer.steps)
        data = load_task_data(recipe, options.data, last, share)
        trainer = begin(recipe, options, progress)
        return _Run(recipe, options, trainer, data, progress if share.index == 0 else silent, share).to(last)


def begin(recipe: TrainRecipe, options: TrainOptions, progress: Progress) -> Trainer:
    """A trainer with the run's saved state, or the start checkpoint's weights, or random ones from the seed."""
    torch.manual_seed(recipe.seed)
    trainer = Trainer(
        make_objective(recipe, options.teacher, options.start, progress), recipe.optimizer, options.device
    )
    state = options.run / "state.pt"
    if state.exists():
        trainer.load(state)
        progress(f"resumed {state} at step {trainer.step}")
    elif options.start is not None and recipe.qat is None:
        info, weights = read_tensors(options.start, CheckpointInfo if recipe.teacher is None else TeacherInfo)
        step = info.step if recipe.keep_step else 0
        if isinstance(info, CheckpointInfo) and can_widen(info.student, recipe.student):
            weights, step = widen(weights, info.student, recipe.student), 0
        moments = load_moments(options.moments) if options.moments else None
        trainer.start_from(weights, moments, step)
        progress(f"started from {options.start} at step {trainer.step}")
    return trainer


@dataclass
class _Run:
    """A run from its start, or where it was resumed, on."""

    recipe: TrainRecipe
    options: TrainOptions
    trainer: Trainer
    data: TaskData
    progress: Progress
    share: Share

    def to(self, last: int) -> ValidationResult:
        """Train to step `last`; save and validate there, too."""
        trainer, log = self.trainer, self.recipe.log
        saved_at, losses, started = time.monotonic(), [], time.monotonic()
        for batch in batches(self.data.source, trainer.step, self.options.workers):
            losses.append(trainer.train_step(batch))
            if trainer.step % log.log_steps == 0:
                rate = len(losses) / (time.monotonic() - started)
                self.progress(f"step {trainer.step}/{last} loss {sum(losses) / len(losses):.5f} {rate:.1f} steps/s")
                losses, started = [], time.monotonic()
            if trainer.step % log.validate_steps == 0 and trainer.step < last:
                trainer.revive(self._validate().dead_attention_units)
            if time.monotonic() - saved_at > 60 * log.save_minutes:
                self._save()
                saved_at = time.monotonic()
        if trainer.step == self.recipe.optimizer.steps and self.recipe.silence_batches:
            count = trainer.silence(self.data.source[index] for index in range(self.recipe.silence_batches))
            self.progress(f"{count} silent channels set to zero; the export leaves them out")
        self._save()
        return self._validate()

    def _validate(self) -> ValidationResult:
        """Validate; the first process logs it and adds a row to the strip."""
        strip = Strip(self.options.run / "strip.png", self.data.validation)
        result = validate(self.trainer.averaged(), self.data.validation, strip.show)
        if self.share.index == 0:
            strip.end_row()
            _log(self.trainer, self.options.run, result)
            self.progress(f"step {self.trainer.step} validation {scores_line(result, self.data.input_psnr_db)}")
        return result

    def _save(self) -> None:
        if self.share.index == 0:
            save_all(self.trainer, self.recipe, self.options.run)


def save_all(trainer: Trainer, recipe: TrainRecipe, run: Path) -> None:
    """Save the exact state, the fp16 checkpoint, and the compressed moments."""
    trainer.save(run / "state.pt")
    digest = hashlib.sha256(repr(recipe).encode()).hexdigest()
    if recipe.teacher is not None:
        save_checkpoint(
            run / f"{recipe.name}.safetensors",
            trainer.average,
            TeacherInfo(recipe.teacher.width, trainer.step, digest),
        )
    elif recipe.without is None:
        weights, ranges = _student_of(trainer)
        tone, contract = recipe.data.rendered_tone, input_contract(recipe)
        info = CheckpointInfo(recipe.name, recipe.student, trainer.step, digest, contract, ranges, tone)
        save_checkpoint(run / f"{recipe.name}.safetensors", weights, info)
    if trainer.step and recipe.qat is None:
        save_moments(run / f"{recipe.name}.moments.safetensors", trainer.moments(), trainer.step)


def _student_of(trainer: Trainer) -> tuple[dict[str, Tensor], tuple[TrainedRange, ...]]:
    """The averaged weights and, after quantisation-aware training, the ranges."""
    averaged = trainer.averaged()
    if isinstance(averaged, FakeQuantStudent):
        return averaged.rounded_student(), ranges_of(averaged)
    return trainer.average, ()


def scores_line(result: ValidationResult, input_psnr_db: dict[str, float]) -> str:
    """One line: PSNR by kind, the input's own where it can be compared, dead units."""
    scores = (
        f"{kind}: {value:.2f} dB" + (f" (input {input_psnr_db[kind]:.2f})" if input_psnr_db else "")
        for kind, value in result.psnr_db.items()
    )
    dead = f"dead: {len(result.dead_attention_units)} attention units, {result.dead_channels} channels"
    return f"{', '.join(scores)}; {dead}"


def _log(trainer: Trainer, run: Path, result: ValidationResult) -> None:
    """Append a validation to the run's log.csv."""
    path = run / "log.csv"
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            scores = (f"psnr_db_{kind}" for kind in result.psnr_db)
            writer.writerow(["step", "learning_rate", "dead_attention_units", "dead_channels", *scores])
        rate = learning_rate(trainer.step - 1, trainer.recipe)
        dead = (len(result.dead_attention_units), result.dead_channels)
        writer.writerow([trainer.step, rate, *dead, *result.psnr_db.values()])
