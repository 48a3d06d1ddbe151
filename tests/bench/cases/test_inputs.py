"""Synthetic pictures and noise as model inputs."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from lwisp_bench.cases.inputs import random_image, synthetic_image
from lwisp_mobile.errors import UsageError
from tests.bench.small_models import add_model


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("float32", 0, 1), ("int8", -128, 127), ("uint8", 0, 255), ("int32", 0, 1)]
)
def test_noise_fills_each_type(dtype: str, low: int, high: int) -> None:
    first, second = random_image(add_model(dtype, (1, 40, 50, 3)), {}).arrays
    assert (first.dtype, first.shape, second.shape) == (np.dtype(dtype), (1, 40, 50, 3), (1, 40, 50, 3))
    assert not np.array_equal(first, second)
    assert (round(float(first.min())), round(float(first.max()))) == (low, high)


def test_noise_is_deterministic() -> None:
    model = add_model("int8", (1, 8))
    assert random_image(model, {}).npz() == random_image(model, {}).npz()


def test_shapes_can_be_given_and_free_sides_must_be() -> None:
    model = add_model("float32", (-1, 3, 4))
    assert random_image(model, {}).arrays[0].shape == (1, 3, 4)
    assert [array.shape for array in random_image(model, {"b": (1, 7, 4)}).arrays] == [(1, 3, 4), (1, 7, 4)]
    with pytest.raises(UsageError, match=r"'a' has free sides \(1,\?,4\).*--shape a=1,224,4"):
        random_image(add_model("float32", (1, -1, 4)), {})
    with pytest.raises(UsageError, match="no input 'c'; it has a, b"):
        random_image(model, {"c": (1,)})


def test_absurd_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="at most"):
        random_image(add_model("float32", (1, 4)), {"a": (100_000, 100_000)})


def test_a_type_without_numbers_is_refused() -> None:
    with pytest.raises(UsageError, match="string"):
        random_image(add_model("string", (1,)), {})


def test_the_synthetic_picture_looks_like_one() -> None:
    (planes,) = synthetic_image(64).arrays
    assert (planes.shape, planes.dtype) == ((1, 64, 64, 4), np.float32)
    assert 0 <= planes.min() < 0.2
    assert 0.8 < planes.max() <= 1
    # Both greens look at one place: they agree but for edges and noise, as a photograph's do.
    assert np.median(np.abs(planes[..., 1] - planes[..., 2])) < 0.05


def test_the_test_models_are_tflite() -> None:
    with pytest.raises(AttributeError):
        add_model("float7", (1,))
    assert schema.Model.ModelBufferHasIdentifier(add_model("int8", (2,)), 0)
