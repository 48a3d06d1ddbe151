"""A tiny data folder in the layout that recipes expect (synthetic photographs, one sensor, one phone), and recipes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from lwisp_export.student.config import StudentConfig
from lwisp_export.synthesis.shots import ShotVariety
from lwisp_export.training.objective_setup import make_objective
from lwisp_export.training.training_recipe import (
    DataRecipe,
    DistillationRecipe,
    LogRecipe,
    LossRecipe,
    OptimizerRecipe,
    TrainRecipe,
)
from lwisp_mobile.progress import silent

SENSOR = {
    "ccm": [
        {"ct_k": ct, "matrix_row_major": [1.8, -0.5, -0.3, -0.4, 1.9, -0.5, 0.0, -0.7, 1.7]} for ct in (2800, 6500)
    ],
    "awb_ct_curve": [
        {"ct_k": 2800, "r_over_g": 0.9, "b_over_g": 0.4},
        {"ct_k": 6500, "r_over_g": 0.5, "b_over_g": 0.7},
    ],
}
PHONE = {iso: {"shot_per_dn": [0.001 * int(iso)] * 4, "read_dn2": [0.5] * 4} for iso in ("50", "800", "3200")}

RECIPE = TrainRecipe(
    name="tiny",
    data=DataRecipe(
        photos=("photos",),
        validation=("photos/3.png",),
        sensors="sensors.json",
        noise="noise.json",
        patch_px=32,
        batch=2,
    ),
    student=StudentConfig(width=8),
    optimizer=OptimizerRecipe(steps=8, warmup_steps=2, learning_rate=1e-3),
    # Patches of 32 px are too small for the scales of MS-SSIM.
    loss=LossRecipe(ms_ssim=0),
    log=LogRecipe(log_steps=2, validate_steps=4),
)
DISTILLING = replace(RECIPE, distillation=DistillationRecipe(features=0.1, reconstruction=0.1, perceptual=0.1))
SKIPPING = replace(
    RECIPE,
    keep_step=True,
    student=StudentConfig(width=8, noise_plane=True, image_skip=True),
    data=replace(
        RECIPE.data,
        by_area=True,
        rendered_tone="neutral",
        photograph_tone="neutral",
        color_shift="smoothed",
        exposure_knee=0.5,
        validation_isos=(1, 100),
        shots=ShotVariety(low_iso_share=0.3, told_noise=(0.7, 1.4), soft_share=0.3, stuck_share=0.3),
    ),
    loss=LossRecipe(ms_ssim=0, iso_weighted=True),
)


def write_data(folder: Path) -> Path:
    """Write the folder; returns it."""
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir(parents=True)
    for index in range(4):
        small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize((96, 64), Image.Resampling.BICUBIC).save(folder / "photos" / f"{index}.png")
    (folder / "sensors.json").write_text(json.dumps({"sensors": {"one": SENSOR}}))
    (folder / "noise.json").write_text(json.dumps({"cameras": {"phone": PHONE}}))
    return folder


def random_objective(recipe: TrainRecipe = RECIPE, teacher: Path | None = None) -> nn.Module:
    """A recipe's objective with random weights."""
    return make_objective(recipe, teacher, None, silent)
