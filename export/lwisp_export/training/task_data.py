"""The training batches and validation pairs of a recipe."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.noise import load_phones
from lwisp_export.synthesis.shots import ShotRange
from lwisp_export.synthesis.validation_frames import SIDE_MULTIPLE_PX, validation_frames
from lwisp_export.training.batches import BatchSource, Share, Source
from lwisp_export.training.corruption import CorruptedSource, corrupt
from lwisp_export.training.pairs.lol import open_lol
from lwisp_export.training.pairs.pair_batches import PairBatches, whole_pairs
from lwisp_export.training.pairs.pair_set import PairSet, from_8_bit
from lwisp_export.training.pairs.sidd import open_sidd
from lwisp_export.training.pairs.synthetic import DENOISE_EXPOSURE_EV, ENHANCE_EXPOSURE_EV, RetakeRange, SyntheticPairs
from lwisp_export.training.pairs.zrr import ZRR_INPUT, open_zrr
from lwisp_export.training.photos import load_photos
from lwisp_export.training.training_recipe import TeacherRecipe, TrainRecipe
from lwisp_export.training.validation import ValidationPair, input_psnr_db, one_picture, validation_pairs
from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE, InputContract

ZRR_VALIDATION = 64
"""Of 1,204 test pairs; all of them would take 4 GB."""


@dataclass(frozen=True)
class TaskData:
    """A source of batches and the fixed pairs that are validated on."""

    source: Source
    validation: tuple[ValidationPair, ...]
    input_psnr_db: dict[str, float]
    """The PSNR of the inputs themselves; empty where input and truth can't be compared."""


def load_task_data(recipe: TrainRecipe, folder: Path, steps: int, share: Share) -> TaskData:
    """The recipe's data up to a step; this process's share of it. Raises UsageError if something is missing."""
    if recipe.teacher is not None:
        return _teacher_data(recipe, recipe.teacher, folder, steps, share)
    if recipe.student.task == "isp" and recipe.data.layout == "photographs":
        return _isp_data(recipe, folder, steps, share)
    return _pair_data(recipe, folder, steps, share)


def input_contract(recipe: TrainRecipe) -> InputContract:
    """How mosaics become the input of what a recipe trains."""
    data = recipe.data
    if data.layout == "zrr":
        return ZRR_INPUT
    shared = replace(STUDENT_INPUT, color_shift=data.color_shift, exposure_knee=data.exposure_knee)
    return replace(shared, planes=(*MOSAIC_PLANES, NOISE_PLANE)) if recipe.student.noise_plane else shared


def _isp_data(recipe: TrainRecipe, folder: Path, steps: int, share: Share) -> TaskData:
    data = recipe.data
    photos = load_photos(folder, data)
    tones = data.rendered_tone, data.photograph_tone
    contract, sensors = input_contract(recipe), load_sensors(folder / data.sensors)
    source = BatchSource(
        photos.training,
        ShotRange(sensors, load_phones(folder / data.noise), saturation=data.saturation, variety=data.shots),
        contract,
        data.patch_px,
        data.batch,
        recipe.seed,
        steps,
        data.context_share,
        share,
        data.by_area,
        *tones,
    )
    frames = validation_frames(photos.validation, sensors, data.validation_isos, *tones)
    return TaskData(source, validation_pairs(frames, contract), {})


def _pair_data(recipe: TrainRecipe, folder: Path, steps: int, share: Share) -> TaskData:
    data = recipe.data
    pairs = _open_pairs(recipe, folder)
    source = PairBatches(pairs, data.patch_px, data.batch, recipe.seed, steps, data.crops_per_picture, share)
    validation = tuple(whole_pairs(pairs))
    return TaskData(source, validation, input_psnr_db(validation) if recipe.student.output_scale == 1 else {})


def _open_pairs(recipe: TrainRecipe, folder: Path) -> PairSet:
    data = recipe.data
    if data.layout == "zrr":
        return open_zrr(folder / data.folder, validation_count=ZRR_VALIDATION)
    if data.layout == "sidd":
        return open_sidd(folder / data.folder)
    if data.layout == "lol":
        return open_lol(folder / data.folder)
    photos = load_photos(folder, data)
    exposure_ev = DENOISE_EXPOSURE_EV if recipe.student.task == "denoise" else ENHANCE_EXPOSURE_EV
    retakes = RetakeRange(load_sensors(folder / data.sensors), load_phones(folder / data.noise), exposure_ev)
    return SyntheticPairs(photos.training, photos.validation, retakes)


def _teacher_data(recipe: TrainRecipe, teacher: TeacherRecipe, folder: Path, steps: int, share: Share) -> TaskData:
    data = recipe.data
    photos = load_photos(folder, data)
    source = CorruptedSource(photos.training, teacher, data.patch_px, data.batch, recipe.seed, steps, share)
    pairs: list[ValidationPair] = []
    for index, picture in enumerate(photos.validation):
        height, width = (side - side % SIDE_MULTIPLE_PX for side in picture.shape[:2])
        clean = from_8_bit(picture[:height, :width])
        corrupted = corrupt(clean, teacher, np.random.default_rng(index))
        pairs += [
            ValidationPair("clean", one_picture(clean), one_picture(clean)),
            ValidationPair("corrupted", one_picture(corrupted), one_picture(clean)),
        ]
    return TaskData(source, tuple(pairs), {})
