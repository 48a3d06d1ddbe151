"""Filter orders: packing is reversible and aligning keeps every colour in its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lwisp_mobile.errors import CfaError
from lwisp_mobile.raw.cfa import CFA_ORDERS, align, cfa_offset_px, check_cfa, pack, site_order, unpack

ORDERS = st.sampled_from(CFA_ORDERS)
SIDES = st.integers(2, 21)


def colors_of(order: str, height: int, width: int) -> np.ndarray:
    """The filter letter of every site of a sensor."""
    cell = np.array(list(order)).reshape(2, 2)
    return np.tile(cell, (height // 2 + 1, width // 2 + 1))[:height, :width]


@given(hnp.arrays(np.uint16, st.tuples(st.integers(1, 8), st.integers(1, 8)).map(lambda s: (2 * s[0], 2 * s[1]))))
def test_unpack_undoes_pack(mosaic: np.ndarray) -> None:
    assert np.array_equal(unpack(pack(mosaic)), mosaic)


@given(hnp.arrays(np.uint16, st.tuples(st.integers(1, 8), st.integers(1, 8), st.just(4))))
def test_pack_undoes_unpack(planes: np.ndarray) -> None:
    assert np.array_equal(pack(unpack(planes)), planes)


@given(ORDERS, SIDES, SIDES, st.sampled_from((2, 4, 32)))
def test_aligned_samples_have_the_color_rggb_says(order: str, height: int, width: int, multiple_px: int) -> None:
    aligned = align(colors_of(order, height, width), order, multiple_px)
    assert np.array_equal(aligned, colors_of("RGGB", *aligned.shape))
    assert aligned.shape[0] % multiple_px == 0
    assert aligned.shape[1] % multiple_px == 0


@given(ORDERS, SIDES, SIDES)
def test_align_loses_no_sample(order: str, height: int, width: int) -> None:
    mosaic = np.arange(height * width, dtype=np.uint16).reshape(height, width)
    top, left = cfa_offset_px(order)
    aligned = align(mosaic, order, 4)
    assert np.array_equal(aligned[top : top + height, left : left + width], mosaic)
    assert aligned.shape[0] < height + 2 + 4


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_site_order_finds_the_colors_of_the_planes(order: str) -> None:
    assert "".join(order[site] for site in site_order(order)) == "RGGB"
    # Gr shares its row with red, Gb with blue.
    red, green_r, green_b, blue = site_order(order)
    assert red // 2 == green_r // 2
    assert blue // 2 == green_b // 2


@pytest.mark.parametrize("order", CFA_ORDERS)
def test_site_order_agrees_with_align_and_pack(order: str) -> None:
    mosaic = np.tile(np.arange(4).reshape(2, 2), (3, 3))
    planes = pack(align(mosaic, order, 2))
    assert [set(planes[..., index].ravel()) for index in range(4)] == [{site} for site in site_order(order)]


def test_aligned_mosaic_is_returned_as_it_is() -> None:
    mosaic = np.zeros((4, 8), np.uint16)
    assert align(mosaic, "RGGB", 4) is mosaic


@pytest.mark.parametrize("order", ["RGBG", "rggb", "", "XTRANS"])
def test_unknown_order_is_refused(order: str) -> None:
    with pytest.raises(CfaError, match="give one of RGGB, GRBG, GBRG, BGGR"):
        check_cfa(order)


def test_pack_refuses_odd_sides() -> None:
    with pytest.raises(CfaError, match=r"3x4 px has an odd side"):
        pack(np.zeros((4, 3), np.uint16))


def test_align_refuses_less_than_a_cell() -> None:
    with pytest.raises(CfaError, match=r"9x1 px has no full 2x2 cell"):
        align(np.zeros((1, 9), np.uint16), "RGGB", 2)
