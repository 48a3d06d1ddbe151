"""Session on the shipped models: sizes, edges, and every refusal by name."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.contract import ModelContract, TensorSpec, from_json, to_json
from lwisp_mobile.engine.session import Session
from lwisp_mobile.errors import BundleError, ContractError, ModelError, NonFiniteError, UsageError
from lwisp_mobile.metrics import psnr_db


def open_session(precision: str) -> Session:
    bundle = shipped_bundle()
    return Session(bundle.read(precision), bundle.model(precision).contract)


@pytest.fixture(scope="module")
def int8() -> Iterator[Session]:
    with open_session("int8") as session:
        yield session


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    grey = 0.5 + 0.3 * np.sin(x / 9) * np.cos(y / 7)
    return np.stack([grey * tint for tint in (1.0, 0.97, 0.97, 0.9)], axis=-1).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (48, 80), (128, 32)])
def test_any_multiple_of_16_runs_and_is_near_float(int8: Session, height: int, width: int) -> None:
    packed = smooth(height, width)
    with open_session("fp16") as fp16:
        reference = fp16.run(packed)
    rgb = int8.run(packed)
    assert rgb.shape == reference.shape == (2 * height, 2 * width, 3)
    assert rgb.dtype == np.float32
    assert 0 <= rgb.min() <= rgb.max() <= 1
    assert psnr_db(rgb, reference) > 36


def test_the_returned_array_is_the_callers(int8: Session) -> None:
    first = int8.run(smooth(32, 32))
    kept = first.copy()
    int8.run(np.zeros((32, 32, 4), np.float32))
    assert np.array_equal(first, kept)


def test_given_arrays_are_only_read(int8: Session) -> None:
    packed = smooth(32, 32)
    packed.setflags(write=False)
    context = int8.context(packed)
    assert np.array_equal(int8.develop(packed, context), int8.run(packed))
    kept = {name: values.copy() for name, values in context.tensors.items()}
    int8.context(np.zeros((32, 32, 4), np.float32))
    assert all(np.array_equal(values, kept[name]) for name, values in context.tensors.items())


def test_context_and_develop_are_one_run(int8: Session) -> None:
    packed = smooth(48, 80)
    assert np.array_equal(int8.develop(packed, int8.context(packed)), int8.run(packed))


def test_a_context_of_another_frame_is_used(int8: Session) -> None:
    packed = smooth(48, 80)
    other = int8.context(np.full((64, 64, 4), 0.9, np.float32))
    assert not np.array_equal(int8.develop(packed, other), int8.run(packed))
    assert {name: values.shape[:3] for name, values in other.tensors.items()} == dict.fromkeys(
        ("gate1", "gate2", "gate3", "global_vector"), (1, 1, 1)
    )


@pytest.mark.parametrize("sides", [(16, 32, 64, 128), (128, 16, 64), (256, 48)])
def test_a_picture_does_not_depend_on_the_sizes_before(sides: tuple[int, ...]) -> None:
    """An interpreter that is resized gives other gates; a session must not."""
    with open_session("int8") as session:
        for side in sides:
            with open_session("int8") as fresh:
                assert np.array_equal(session.run(smooth(side, side)), fresh.run(smooth(side, side))), side


def test_threads_share_a_session(int8: Session) -> None:
    frames = [smooth(32, 32 + 16 * index) for index in range(6)]
    expected = [int8.run(frame) for frame in frames]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(int8.run, frames * 4))
    assert all(np.array_equal(rgb, expected[index % 6]) for index, rgb in enumerate(found))


def test_extreme_inputs_stay_finite(int8: Session) -> None:
    for value in (0.0, 1.0, -5.0, 7.0):
        assert np.isfinite(int8.run(np.full((32, 32, 4), value, np.float32))).all()


@pytest.mark.parametrize("shape", [(20, 32, 4), (32, 33, 4), (32, 32, 3), (32, 32), (0, 32, 4)])
def test_wrong_shapes_are_named(int8: Session, shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="multiples of 16"):
        int8.run(np.zeros(shape, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_non_finite_input_is_an_error(int8: Session, bad: float) -> None:
    packed = smooth(32, 32)
    packed[3, 4, 1] = bad
    with pytest.raises(NonFiniteError, match="NaN or infinity"):
        int8.run(packed)


def test_a_closed_session_says_so() -> None:
    with open_session("int8") as session:
        pass
    with pytest.raises(UsageError, match="closed"):
        session.run(smooth(16, 16))


def with_tensor(contract: ModelContract, spec: TensorSpec, **changes: Any) -> ModelContract:
    """The contract with one tensor told otherwise."""
    return replace(contract, tensors=tuple(replace(t, **changes) if t == spec else t for t in contract.tensors))


def test_a_contract_that_does_not_fit_the_model_is_refused() -> None:
    bundle = shipped_bundle()
    data, contract = bundle.read("int8"), bundle.model("int8").contract
    renamed = to_json(contract).replace('"packed"', '"mosaic"')
    with pytest.raises(ContractError, match="no tensor 'mosaic'"):
        Session(data, from_json(renamed, "here"))
    with pytest.raises(ContractError, match="scale"):
        Session(data, with_tensor(contract, contract.output_tensor, scale=0.5))
    with pytest.raises(ContractError, match="is int8"):
        Session(data, with_tensor(contract, contract.input_tensor, dtype="float32", scale=None, zero_point=None))


@pytest.mark.parametrize("name", ["lwisp", "lwisp-lite", "path", Path("folder"), "bundle"])
def test_a_session_is_opened_from_whatever_names_a_bundle(name: str | Path, int8: Session) -> None:
    bundle = shipped_bundle("lwisp-lite" if name == "lwisp-lite" else "lwisp")
    given = {"path": str(bundle.folder), Path("folder"): bundle.folder, "bundle": bundle}.get(name, name)
    packed = smooth(32, 32)
    with Session.from_bundle(given, precision="int8", threads=1) as session:
        assert np.array_equal(session.run(packed), int8.run(packed)) == (name != "lwisp-lite")


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="No bundle named 'lwisp2'"):
        Session.from_bundle("lwisp2")
    with pytest.raises(BundleError):
        Session.from_bundle(tmp_path / "none")
    with pytest.raises(BundleError, match="no float32 model"):
        Session.from_bundle("lwisp", precision="float32")


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x1c\x00\x00\x00TFL3" + bytes(64)])
def test_a_file_that_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        Session(data, shipped_bundle().model("int8").contract)


def test_threads_must_be_positive() -> None:
    bundle = shipped_bundle()
    with pytest.raises(UsageError, match="threads is 0"):
        Session(bundle.read("int8"), bundle.model("int8").contract, threads=0)


@pytest.mark.parametrize("size", ["0", "-16", "100"])
def test_timing_a_size_that_does_not_fit_is_named(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["time", "--size", size, "--runs", "1"]) == 2
    assert "multiple" in capsys.readouterr().err


def test_timing_keeps_every_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["time", "--size", "32", "--runs", "3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["timing"]["samples_ms"]) == result["summary"]["runs"] == 3
    assert min(result["timing"]["samples_ms"]) == result["summary"]["min_ms"]
