"""Duplicated channels: the same picture, half the noise."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_export.errors import QuantizationError
from lwisp_export.quantization.channel_duplication import duplicate_channels
from lwisp_export.quantization.preparation import Prepared, prepare
from lwisp_export.quantization.quantization_recipe import (
    ModelRules,
    find_quantization,
)
from lwisp_export.quantization.simulate import simulate
from lwisp_mobile.errors import UsageError
from tests.export.chain_models import calibration_tiles, float_graph, psnr_db, run, tile
from tests.export.quantization.prepared_models import prepared

LAST_FEATURE = "node_conv2d_42_input_nhwc"
EXPANDED = "node_pixel_shuffle_6_input_nhwc"
"""Goes through a depth-to-space before it's read."""
FACTORS = ("node_conv2d_1_input_nhwc", "relu_31")
"""Are multiplied; the first is read by a convolution, too."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [(LAST_FEATURE,), (EXPANDED,), FACTORS[:1], FACTORS[1:], (LAST_FEATURE, EXPANDED, *FACTORS)]
)
def test_duplicated_channels_leave_the_float_picture_and_halve_the_noise_of_their_tensor(
    names: tuple[str, ...],
) -> None:
    fine = replace(find_quantization("lwisp"), model=ModelRules(duplicated_channels=names))
    once, twice = prepared(), prepare(float_graph(), calibration_tiles(), fine)
    unseen = [tile(seed) for seed in (20, 21, 22)]
    exact, duplicated = ([run(model, t) for t in unseen] for model in (once.exact.pack(), twice.exact.pack()))
    assert psnr_db(np.stack(duplicated), np.stack(exact)) > 75

    def noise_db(prepared: Prepared, truths: list[np.ndarray]) -> float:
        noisy = simulate(prepared, activations=names).pack()
        return psnr_db(np.stack([run(noisy, t) for t in unseen]), np.stack(truths))

    assert noise_db(twice, duplicated) > noise_db(once, exact) + 4.5


def test_only_features_between_two_convolutions_of_their_own_can_be_duplicated() -> None:
    shared = next(tensor.name for tensor in float_graph().tensors if "pixel_shuffle_3_input" in tensor.name)
    for name in (shared, "rgb"):
        with pytest.raises(QuantizationError, match=rf"channels of {name} can't be duplicated"):
            duplicate_channels(float_graph(), {name: 0.01})
    unknown = replace(find_quantization("plain"), model=ModelRules(duplicated_channels=("nowhere",)))
    with pytest.raises(UsageError, match="names nowhere"):
        prepare(float_graph(), calibration_tiles()[:1], unknown)
