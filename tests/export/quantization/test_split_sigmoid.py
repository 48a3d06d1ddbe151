"""The split output."""

import numpy as np
import pytest

from lwisp_export.errors import QuantizationError
from lwisp_export.quantization.split_sigmoid import split_output
from tests.export.chain_models import float_graph, float_model, run, tile


def test_a_split_output_gives_the_same_picture_and_is_split_once() -> None:
    split = split_output(float_graph())
    packed = tile(20, 48, 80)
    np.testing.assert_allclose(run(split.pack(), packed), run(float_model(), packed), atol=2e-6)
    with pytest.raises(QuantizationError, match="split_output = false"):
        split_output(split)
