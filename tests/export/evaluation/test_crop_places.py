"""Places for crops."""

import numpy as np
import pytest

from lwisp_export.evaluation.crop_places import Place, find_places, place_at
from lwisp_mobile.errors import UsageError

SIDE_PX = 64


def test_each_reason_finds_what_it_says() -> None:
    rng = np.random.default_rng(0)
    rgb = np.full((320, 480, 3), 120, np.uint8)
    rgb[96:160, 96:160] = np.kron(rng.integers(60, 180, (8, 8, 1)), np.ones((8, 8, 3))).astype(np.uint8)
    rgb[192:256, 96:160] = 40
    rgb[208:320, 304:480] = 0
    rgb[100:132, 340:372] = 255
    rgb[:64, 416:] = np.kron(rng.integers(110, 130, (8, 8, 1)), np.ones((8, 8, 3))).astype(np.uint8)
    places = {place.reason: place for place in find_places(rgb, SIDE_PX)}
    assert (places["most texture"].left_px, places["most texture"].top_px) == (96, 96)
    assert (places["darkest"].left_px, places["darkest"].top_px) == (96, 192), "black shows nothing"
    edge = places["brightest edge"]
    assert edge.left_px < 340 < edge.left_px + SIDE_PX or edge.left_px < 372 < edge.left_px + SIDE_PX
    assert (places["corner"].left_px, places["corner"].top_px) == (416, 0)
    found = list(places.values())
    assert not any(a.overlaps(b) for a in found for b in found if a is not b)


def test_a_picture_smaller_than_a_crop_has_one_place() -> None:
    assert find_places(np.full((40, 90, 3), 99, np.uint8), 128) == [Place("most texture", 0, 0, 128)]


@pytest.mark.parametrize(("x", "y", "corner"), [(100, 90, (68, 58)), (3, 5, (0, 0)), (199, 149, (136, 86))])
def test_a_chosen_place_lies_within_the_picture(x: int, y: int, corner: tuple[int, int]) -> None:
    place = place_at(x, y, (150, 200), SIDE_PX)
    assert (place.left_px, place.top_px) == corner


def test_a_chosen_place_outside_is_refused() -> None:
    with pytest.raises(UsageError, match=r"200,10 isn't in the picture of 200x150"):
        place_at(200, 10, (150, 200), SIDE_PX)
