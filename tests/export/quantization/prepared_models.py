"""What several tests of this folder start from."""

import functools

import numpy as np

from lwisp_export.quantization.preparation import Prepared, prepare
from lwisp_export.quantization.quantization_recipe import (
    find_quantization,
)
from tests.export.chain_models import calibration_tiles, float_graph, float_model, psnr_db, run, tile

UNSEEN = [tile(seed) for seed in (20, 21)]


@functools.cache
def prepared() -> Prepared:
    return prepare(float_graph(), calibration_tiles(), find_quantization("lwisp"))


def against_float(model: bytes) -> float:
    return psnr_db(np.stack([run(model, t) for t in UNSEEN]), np.stack([run(float_model(), t) for t in UNSEEN]))
