"""The context sample: crops from edge to edge at full resolution, small frames whole."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_mobile import shipped_bundle
from lwisp_mobile.contract import ContextContract
from lwisp_mobile.errors import ContractError, UsageError
from lwisp_mobile.frame.global_context import context_sample, crop_spans

CONTEXT = ContextContract(grid=4, crop_px=64)
CONTRACT = shipped_bundle().model("int8").contract


def numbered(height: int, width: int) -> np.ndarray:
    """A frame in which every value is different."""
    return np.arange(height * width * 4, dtype=np.float32).reshape(height, width, 4)


def test_crops_lie_from_edge_to_edge() -> None:
    assert crop_spans(1504, CONTEXT, 16) == ((0, 64), (480, 544), (960, 1024), (1440, 1504))
    frame = numbered(304, 400)
    sample = context_sample(frame, CONTRACT)
    assert sample.shape == (256, 256, 4)
    assert np.array_equal(sample[:64, :64], frame[:64, :64])
    assert np.array_equal(sample[192:, 192:], frame[-64:, -64:])
    assert np.array_equal(sample[64:128, 128:192], frame[80:144, 224:288])


def test_a_frame_no_larger_than_the_grid_is_its_own_context() -> None:
    frame = numbered(256, 48)
    assert np.array_equal(context_sample(frame, CONTRACT), frame)
    assert np.array_equal(context_sample(numbered(100, 31), CONTRACT), numbered(100, 31)[:96, :16])


def test_a_small_side_contributes_itself() -> None:
    frame = numbered(48, 1000)
    sample = context_sample(frame, CONTRACT)
    assert sample.shape == (48, 256, 4)
    assert np.array_equal(sample[:, :64], frame[:, :64])


@given(st.integers(16, 6000), st.integers(2, 8), st.sampled_from([16, 32, 64]))
def test_crops_never_leave_the_frame_or_overlap(side: int, grid: int, crop: int) -> None:
    spans = crop_spans(side, ContextContract(grid, crop), 16)
    assert spans[0][0] == 0
    assert side - spans[-1][1] < 16
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert sum(stop - start for start, stop in spans) % 16 == 0


def test_a_frame_without_16_px_is_refused() -> None:
    with pytest.raises(UsageError, match="15 packed px"):
        context_sample(numbered(15, 64), CONTRACT)


@pytest.mark.parametrize(("grid", "crop"), [(1, 64), (4, 0), (5000, 64)])
def test_a_grid_that_can_not_be_is_refused(grid: int, crop: int) -> None:
    with pytest.raises(ContractError, match=f"{grid} crops of {crop} px"):
        ContextContract(grid, crop)
