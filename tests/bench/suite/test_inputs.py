"""What models are fed and what is made of their outputs."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from lwisp_bench.results.output_check import check_outputs, picture_drift, worst
from lwisp_bench.suite.inputs import made_image, random_image
from lwisp_bench.suite.subjects import bundle_subject, file_subject
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import ModelError, UsageError
from tests.bench.other_models import add_model


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("float32", 0, 1), ("int8", -128, 127), ("uint8", 0, 255), ("int32", 0, 1)]
)
def test_noise_fills_each_type(dtype: str, low: int, high: int) -> None:
    first, second = random_image(add_model(dtype, (1, 40, 50, 3)), {}).arrays
    assert (first.dtype, first.shape, second.shape) == (np.dtype(dtype), (1, 40, 50, 3), (1, 40, 50, 3))
    assert not np.array_equal(first, second)
    assert (round(float(first.min())), round(float(first.max()))) == (low, high)


def test_noise_is_the_same_every_time() -> None:
    model = add_model("int8", (1, 8))
    assert random_image(model, {}).npz() == random_image(model, {}).npz()


def test_shapes_can_be_given_and_unknown_sides_are_one() -> None:
    model = add_model("float32", (1, -1, 4))
    assert random_image(model, {}).arrays[0].shape == (1, 1, 4)
    assert [array.shape for array in random_image(model, {"b": (1, 7, 4)}).arrays] == [(1, 1, 4), (1, 7, 4)]
    with pytest.raises(UsageError, match="no input 'c'; it has a, b"):
        random_image(model, {"c": (1,)})


def test_a_type_of_which_there_is_no_noise() -> None:
    with pytest.raises(UsageError, match="string"):
        random_image(add_model("string", (1,)), {})


def test_the_made_picture_is_one() -> None:
    (planes,) = made_image(64).arrays
    assert (planes.shape, planes.dtype) == ((1, 64, 64, 4), np.float32)
    assert 0 <= planes.min() < 0.2
    assert 0.8 < planes.max() <= 1
    # Both greens look at one place: they agree but for edges and noise, as a photograph's do.
    assert np.median(np.abs(planes[..., 1] - planes[..., 2])) < 0.05


def test_a_student_brings_its_contract_and_its_float_form() -> None:
    subject = bundle_subject("lwisp", "int8", 32, ())
    assert subject.contract == shipped_bundle().model("int8").contract
    assert subject.reference == shipped_bundle().read("fp16")
    with pytest.raises(UsageError, match="isn't a multiple of 16"):
        bundle_subject("lwisp", "int8", 40, ())


def test_files_that_are_no_model(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(b"nothing of the kind")
    for name in ("a.tflite", "b.tflite"):
        with pytest.raises(ModelError):
            file_subject(tmp_path / name, {})


def test_equal_bits_and_others() -> None:
    codes = np.arange(-4, 4, dtype=np.int8)
    assert check_outputs("x", (codes,), (codes.copy(),))[0].bit_equal
    (check,) = check_outputs("x", (codes,), (codes + np.int8(2),))
    assert (check.bit_equal, check.max_abs_diff, check.dtype) == (False, 2.0, "int8")


def test_far_integers_do_not_wrap_round() -> None:
    low, high = np.array([-128], np.int8), np.array([127], np.int8)
    assert check_outputs("x", (low,), (high,))[0].max_abs_diff == 255


def test_nan_equals_nan_by_bits_and_is_counted() -> None:
    values = np.array([np.nan, 1, np.inf], np.float32)
    (check,) = check_outputs("x", (values,), (values.copy(),))
    assert (check.bit_equal, check.non_finite, check.max_abs_diff) == (True, 2, 0.0)
    assert not check_outputs("x", (np.array([0.0]),), (np.array([-0.0]),))[0].bit_equal


def test_other_shapes_are_never_equal() -> None:
    (check,) = check_outputs("x", (np.zeros((1, 4)),), (np.zeros((4, 1)),))
    assert (check.bit_equal, check.max_abs_diff) == (False, None)


def test_drift_of_a_picture() -> None:
    contract = shipped_bundle().model("int8").contract
    rng = np.random.default_rng(0)
    floats = rng.random((1, 16, 16, 3), dtype=np.float32)
    scale, zero = contract.output_tensor.scale, contract.output_tensor.zero_point
    assert scale is not None
    assert zero is not None
    codes = np.clip(np.rint(floats / scale) + zero, -128, 127).astype(np.int8)
    near = picture_drift("near", (codes,), (floats,), contract)
    far = picture_drift("far", (codes[:, ::-1],), (floats,), contract)
    assert near.comparison.psnr_db is not None
    # Rounding to steps of 1/256 leaves a noise of step / sqrt(12): 58.9 dB.
    assert near.comparison.psnr_db == pytest.approx(-20 * np.log10(scale / np.sqrt(12)), abs=0.5)
    assert worst((near, far)) is far
    assert worst(()) is None


def test_the_builder_makes_what_it_says() -> None:
    with pytest.raises(AttributeError):
        add_model("float7", (1,))
    assert schema.Model.ModelBufferHasIdentifier(add_model("int8", (2,)), 0)
