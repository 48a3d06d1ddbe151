"""Recipes: TOML files that say how a student is trained, as frozen dataclasses."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from lwisp_export.student.config import StudentConfig
from lwisp_mobile.errors import UsageError
from lwisp_mobile.tree import build

PATCH_MULTIPLE_PX = 32
"""Output pixels: twice the multiple of 16 that packed sides must be."""
MS_SSIM_MIN_PX = 64
"""An 11-tap window at the third scale needs 44 px; the next multiple."""


@dataclass(frozen=True)
class DataRecipe:
    """What pairs are made from; paths are relative to the data folder given on the command line."""

    photos: tuple[str, ...]
    """Folders of finished photographs."""
    validation: tuple[str, ...]
    """Photographs held out, never trained on."""
    sensors: str
    """Colour calibrations (JSON)."""
    noise: str
    """Phone noise (JSON)."""
    saturation: tuple[float, float] = (1.0, 1.0)
    """Range of factors on colour before unprocessing; above 1, colours outside sRGB as real scenes have them."""
    patch_px: int = 96
    """Side of a training patch in output pixels; a multiple of 32."""
    batch: int = 16


@dataclass(frozen=True)
class OptimizerRecipe:
    """AdamW under a schedule: warm-up, hold, cosine to the final rate."""

    learning_rate: float = 8e-4
    final_learning_rate: float = 1e-6
    warmup_steps: int = 300
    hold_steps: int = 0
    """Steps before the cosine starts; warm-up included."""
    steps: int = 10_000
    weight_decay: float = 1e-8
    clip_norm: float = 1.0
    ema_decay: float = 0.999
    """Decay per step of the averaged weights, which are what is validated and shipped."""


@dataclass(frozen=True)
class LossRecipe:
    """Weights of the loss's terms; 0 switches a term off."""

    charbonnier: float = 1.0
    ms_ssim: float = 0.2
    grid: float = 0.0
    """Errors that repeat with the 2x2 phase of the pixels, which the eye sees as a grid."""


@dataclass(frozen=True)
class LogRecipe:
    """How often the trainer speaks and saves."""

    log_steps: int = 50
    validate_steps: int = 1000
    save_minutes: float = 3.0


@dataclass(frozen=True)
class TrainRecipe:
    """Everything a training run depends on but the data's folder."""

    name: str
    data: DataRecipe
    seed: int = 1
    student: StudentConfig = field(default_factory=StudentConfig)
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    loss: LossRecipe = field(default_factory=LossRecipe)
    log: LogRecipe = field(default_factory=LogRecipe)

    def __post_init__(self) -> None:
        """Refuse patches that the network or the loss can't take."""
        if self.data.patch_px <= 0 or self.data.patch_px % PATCH_MULTIPLE_PX:
            raise UsageError(f"patch_px {self.data.patch_px} must be a multiple of {PATCH_MULTIPLE_PX}.")
        if self.loss.ms_ssim and self.data.patch_px < MS_SSIM_MIN_PX:
            raise UsageError(f"ms_ssim needs patch_px of {MS_SSIM_MIN_PX} or more; found {self.data.patch_px}.")


def load_recipe(path: Path) -> TrainRecipe:
    """Read a training recipe. Raises UsageError that names the key that is wrong, missing or unknown."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: the recipe can't be read ({error}).") from error
    return build(TrainRecipe, tree, str(path))
