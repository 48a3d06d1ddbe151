"""Training recipes: TOML files as frozen dataclasses."""

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Literal

from lwisp_export.student.config import Part, StudentConfig, Task
from lwisp_export.synthesis.shots import ShotVariety
from lwisp_mobile.contract import ColorShift, RenderedTone
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.toml import read_toml

PATCH_MULTIPLE_PX = 32
"""Output pixels: twice the multiple of 16 that packed sides must be."""
CONTEXT_MULTIPLE_PX = 2 * PATCH_MULTIPLE_PX
"""A training context consists of crops of half a patch."""
MS_SSIM_MIN_PX = 64
"""An 11-tap window at the third scale needs 44 px; the next multiple."""

Layout = Literal["photographs", "zrr", "sidd", "lol"]
LAYOUTS: dict[Task, tuple[Layout, ...]] = {
    "isp": ("photographs", "zrr"),
    "denoise": ("photographs", "sidd"),
    "enhance": ("photographs", "lol"),
}
"""The layouts that each task can be trained on."""


@dataclass(frozen=True)
class DataRecipe:
    """The source of training pairs; paths are relative to the data folder of the command line."""

    layout: Layout = "photographs"
    """photographs: synthetic pairs by unprocessing; others: a published dataset of real pairs in its own layout."""
    folder: str = "."
    """Of the published dataset."""
    photos: tuple[str, ...] = ()
    """Folders of finished photographs."""
    validation: tuple[str, ...] = ()
    """Photographs held out, never trained on; published datasets have their own."""
    sensors: str = ""
    """Colour calibrations (JSON)."""
    noise: str = ""
    """Phone noise (JSON)."""
    held_out: tuple[str, ...] = ()
    """Photographs in those folders that are kept for evaluation: neither trained on nor validated on in training."""
    by_area: bool = False
    """Draw photographs in proportion to their area, so that every part of them is seen as often; else all alike."""
    rendered_tone: RenderedTone = "contrast"
    """The tone that the student's pictures get."""
    photograph_tone: RenderedTone = "contrast"
    """The tone that photographs are taken to have."""
    color_shift: ColorShift = "quad"
    """As in the input contract."""
    exposure_knee: float | None = None
    """As in the input contract."""
    validation_isos: tuple[int, ...] = (100, 800, 3200)
    shots: ShotVariety = field(default_factory=ShotVariety)
    """How the shots vary that photographs are retaken in."""
    saturation: tuple[float, float] = (1.0, 1.0)
    """Range of factors on colour before unprocessing; above 1, colours outside sRGB as real scenes have them."""
    patch_px: int = 96
    """Side of a training patch in output pixels; a multiple of 32."""
    batch: int = 16
    crops_per_picture: int = 1
    """Patches from each file of a published dataset that is read; SIDD's are large and slow to read."""
    context_share: float = 0.0
    """Share of the batches whose gates and global vector come from crops of the whole photograph."""

    def __post_init__(self) -> None:
        """Refuse photographs without the files that unprocessing needs."""
        if self.layout == "photographs" and not (self.photos and self.sensors and self.noise):
            raise UsageError(
                "[data] with layout photographs needs photos, sensors and noise; set them, or another layout."
            )


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
    iso_weighted: bool = False
    """Whether noisy pictures weigh less in the Charbonnier term: their least errors would drown the others'."""


@dataclass(frozen=True)
class DistillationRecipe:
    """Weights of what the teacher adds to the student's loss; all 0: no teacher is needed."""

    features: float = 0.0
    """Decoder features pulled to the teacher's through 1x1 adapters."""
    reconstruction: float = 0.0
    """The picture pulled to the teacher's reconstruction of the truth."""
    perceptual: float = 0.0
    """The teacher's encoder features of the picture pulled to those of the truth."""

    @property
    def needs_teacher(self) -> bool:
        """Whether any term is on."""
        return max(self.features, self.reconstruction, self.perceptual) > 0


@dataclass(frozen=True)
class QatRecipe:
    """Quantisation-aware training from a float checkpoint, with int8 rounding simulated."""

    quantization: str = "lwisp"
    """The quantisation recipe whose weights and ranges training starts from; int8, its picture's sigmoid split."""
    float_consistency_weight: float = 1.0
    """Weight of the picture's difference from the starting checkpoint's, computed in float."""
    least_range: float = 0.0
    """Share of each calibrated range to keep: pictures as bright as calibration's are rare in training, which by itself
    would clip them."""


@dataclass(frozen=True)
class TeacherRecipe:
    """The teacher, which reconstructs clean pictures, and how its input is corrupted."""

    width: int = 16
    """Channels at the top level, as of a student."""
    noise: float = 0.05
    """Largest standard deviation of Gaussian noise on the input, of full scale."""
    masked: float = 0.05
    """Largest share of the input's blocks that are blanked."""


@dataclass(frozen=True)
class LogRecipe:
    """How often training reports, validates and saves."""

    log_steps: int = 50
    validate_steps: int = 1000
    save_minutes: float = 3.0


@dataclass(frozen=True)
class TrainRecipe:
    """Everything a training run depends on, except the data folder and the teacher's file."""

    name: str
    data: DataRecipe
    seed: int = 1
    student: StudentConfig = field(default_factory=StudentConfig)
    without: Part | None = None
    """A part to leave out of the student, to measure what it contributes."""
    keep_step: bool = False
    """Whether a run goes on at the step of the checkpoint that --start names; else its schedule begins anew."""
    teacher: TeacherRecipe | None = None
    """If set, the recipe trains a teacher instead of a student."""
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    loss: LossRecipe = field(default_factory=LossRecipe)
    distillation: DistillationRecipe = field(default_factory=DistillationRecipe)
    silence_batches: int = 0
    """Batches over which a channel must never fire to be silenced at the end of training; 0: none is."""
    qat: QatRecipe | None = None
    """If set, quantisation-aware training of the checkpoint that --start names."""
    log: LogRecipe = field(default_factory=LogRecipe)

    def __post_init__(self) -> None:
        """Refuse patches that don't suit the network or the loss, and data of another task."""
        if self.data.patch_px <= 0 or self.data.patch_px % PATCH_MULTIPLE_PX:
            raise UsageError(f"patch_px {self.data.patch_px} must be a multiple of {PATCH_MULTIPLE_PX}.")
        if self.data.context_share and self.data.patch_px % CONTEXT_MULTIPLE_PX:
            raise UsageError(
                f"context_share needs a patch_px that is a multiple of {CONTEXT_MULTIPLE_PX}, whose half is a whole "
                f"crop; found {self.data.patch_px}."
            )
        if self.data.layout not in LAYOUTS[self.student.task]:
            known = " or ".join(LAYOUTS[self.student.task])
            raise UsageError(f"Task {self.student.task} trains on {known}, not on {self.data.layout}.")
        if self.qat and (self.student.task != "isp" or self.data.context_share or self.distillation.needs_teacher):
            raise UsageError("[qat] is for students of task isp, without context_share and [distillation].")
        if self.silence_batches and (self.qat or self.teacher or self.without):
            raise UsageError("silence_batches is for whole students in float: leave it out of this recipe.")
        if self.loss.ms_ssim and self.data.patch_px < MS_SSIM_MIN_PX:
            raise UsageError(f"ms_ssim needs patch_px of {MS_SSIM_MIN_PX} or more; found {self.data.patch_px}.")


def find_recipe(name: str) -> TrainRecipe:
    """Read a recipe's .toml, or one that ships by its name. Raises UsageError naming those that do."""
    shipped = Path(str(files("lwisp_export"))) / "recipes"
    path = Path(name) if name.endswith(".toml") else shipped / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in shipped.glob("*.toml")))
        raise UsageError(f"There is no recipe {name!r}; give a .toml file or one of: {known}.")
    return load_recipe(path)


def load_recipe(path: Path) -> TrainRecipe:
    """Read a training recipe. Raises UsageError that names the key that is wrong, missing or unknown."""
    return read_toml(TrainRecipe, path)
