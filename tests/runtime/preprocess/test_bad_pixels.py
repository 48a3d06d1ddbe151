"""Bad pixels are replaced from their own colour, by the neighbours that agree best, and nothing else changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_mobile.preprocess.bad_pixels import RepairedMosaic, repair
from lwisp_mobile.preprocess.window import Window
from lwisp_mobile.raw.corrections import BadPixels


def whole(mosaic: np.ndarray) -> Window:
    return Window(slice(0, mosaic.shape[0]), slice(0, mosaic.shape[1]))


def points(*places: tuple[int, int]) -> BadPixels:
    return BadPixels(points=np.array(places, np.int32).reshape(-1, 2))


def repaired(mosaic: np.ndarray, *found: BadPixels) -> np.ndarray:
    return RepairedMosaic(mosaic, found).over(whole(mosaic))


def colored(height: int, width: int) -> np.ndarray:
    """Every site of the 2x2 cell at its own level."""
    return np.tile(np.array([[100, 200], [300, 400]], np.uint16), (height // 2, width // 2))


@pytest.mark.parametrize("place", [(0, 0), (0, 7), (5, 4), (9, 9), (4, 5)])
def test_a_listed_pixel_gets_its_own_colour_even_at_edges(place: tuple[int, int]) -> None:
    clean = colored(10, 10)
    spoilt = clean.copy()
    spoilt[place] = 4000
    assert np.array_equal(repaired(spoilt, points(place)), clean)
    assert spoilt[place] == 4000


def test_constant_rectangles_and_lists_are_united() -> None:
    clean = colored(12, 12)
    spoilt = clean.copy()
    spoilt[3, 3], spoilt[8, 1], spoilt[:, 6] = 0, 4000, 9
    column = BadPixels(rectangles=np.array([[0, 6, 12, 7]], np.int32))
    assert np.array_equal(repaired(spoilt, BadPixels(constant=0), points((8, 1)), column), clean)


def test_the_pair_that_agrees_best_follows_an_edge() -> None:
    mosaic = np.full((9, 9), 100, np.uint16)
    mosaic[:, 5:] = 900
    mosaic[:, 4] = 140
    mosaic[4, 4] = 0
    assert repaired(mosaic, points((4, 4)))[4, 4] == 140


def test_means_are_rounded_up_from_the_half() -> None:
    mosaic = np.zeros((5, 5), np.uint16)
    mosaic[0, 2], mosaic[4, 2] = 10, 11
    mosaic[2, 0], mosaic[0, 0], mosaic[0, 4] = 50, 60, 70
    assert repair(mosaic, np.arange(25).reshape(5, 5) == 12)[2, 2] == 11


def test_without_a_good_pair_one_neighbour_serves_and_without_any_the_value_stays() -> None:
    mosaic = np.arange(25, dtype=np.uint16).reshape(5, 5)
    only_one_good = np.ones((5, 5), np.bool_)
    only_one_good[0, 2] = False
    assert repair(mosaic, only_one_good)[2, 2] == mosaic[0, 2]
    assert np.array_equal(repair(mosaic, np.ones((5, 5), np.bool_)), mosaic)


def test_nothing_bad_is_the_mosaic_itself() -> None:
    mosaic = colored(6, 6)
    assert np.shares_memory(repaired(mosaic), mosaic)
    assert np.shares_memory(repaired(mosaic, BadPixels(constant=7), points()), mosaic)


@given(st.integers(0, 2**31), st.integers(0, 20), st.integers(0, 20), st.integers(1, 9), st.integers(1, 9))
def test_any_window_equals_the_whole(seed: int, top: int, left: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    mosaic = rng.integers(0, 8, (30, 30)).astype(np.uint16)
    found = (
        BadPixels(constant=3),
        points(*rng.integers(0, 30, (9, 2))),
        BadPixels(rectangles=np.array([[4, 5, 9, 30]], np.int32)),
    )
    window = Window(slice(top, top + height), slice(left, left + width))
    part = RepairedMosaic(mosaic, found).over(window)
    assert np.array_equal(part, repaired(mosaic, *found)[window.rows, window.columns])
