"""White balance: what the file says, what the user asks for, and what helps where neither works."""

import numpy as np
import pytest

from lwisp_mobile.errors import WhiteBalanceError
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.color import grey_world_gains
from lwisp_mobile.raw.dng_color import single_light
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.white_balance import FileBalance, choose_gains, mean_colors

# The XYZ-to-camera matrix of the Canon EOS D30 as DNG and dcraw give it.
CANON = single_light(np.array([[0.99, -0.2771, -0.1324], [-0.7072, 1.4229, 0.314], [-0.279, 0.3344, 0.8861]]))
EQUAL = FileBalance(as_shot=(1.0, 1.0, 1.0), daylight=(2.0, 1.0, 1.5), color=CANON)


def no_means() -> tuple[float, float, float]:
    raise AssertionError("the mosaic was measured without need")


def means() -> tuple[float, float, float]:
    return 400.0, 800.0, 500.0


def black_frame() -> tuple[float, float, float]:
    return 0.0, 0.0, 0.0


def test_given_gains_may_be_all_equal() -> None:
    balance = choose_gains((1.0, 1.0, 1.0), FileBalance(), no_means)
    assert balance.gains == (1.0, 1.0, 1.0)
    assert balance.note == "White balance as given: 1, 1, 1."


def test_as_shot_needs_no_note_and_daylight_does() -> None:
    said = FileBalance(as_shot=(2.0, 1.0, 1.5), daylight=(2.2, 1.1, 1.1))
    assert choose_gains("as-shot", said, no_means).note is None
    daylight = choose_gains("daylight", said, no_means)
    assert daylight.gains == (2.0, 1.0, 1.0)
    assert daylight.note == "White balance daylight instead of as-shot: 2, 1, 1."


class TestRefusals:
    @pytest.mark.parametrize("choice", ["as-shot", "daylight"])
    def test_missing_balance_is_refused_by_name(self, choice: str) -> None:
        with pytest.raises(
            WhiteBalanceError, match=f"holds no {choice} white balance.*grey-world \\(2, 1, 1.6\\) or R,G,B"
        ):
            choose_gains(choice, FileBalance(), means)

    def test_only_what_works_for_the_file_is_named(self) -> None:
        with pytest.raises(WhiteBalanceError, match=r"all equal.*can be daylight.*5200K.*grey-world"):
            choose_gains("as-shot", EQUAL, means)
        with pytest.raises(WhiteBalanceError) as caught:
            choose_gains("as-shot", FileBalance(as_shot=(1.0, 1.0, 1.0), daylight=(1.0, 1.0, 1.0)), black_frame)
        assert "daylight" not in str(caught.value)
        assert "grey-world" not in str(caught.value)
        assert "Give gains for this file" in str(caught.value)

    def test_a_temperature_needs_a_matrix(self) -> None:
        with pytest.raises(WhiteBalanceError, match="5200K needs the camera's colour matrix"):
            choose_gains("5200K", FileBalance(as_shot=(2.0, 1.0, 1.5)), means)


class TestFallback:
    def test_as_shot_if_it_works(self) -> None:
        balance = choose_gains("auto-fallback", FileBalance(as_shot=(2.0, 1.0, 1.5)), no_means)
        assert (balance.gains, balance.note) == ((2.0, 1.0, 1.5), None)

    def test_else_daylight_with_a_note(self) -> None:
        balance = choose_gains("auto-fallback", EQUAL, no_means)
        assert balance.gains == (2.0, 1.0, 1.5)
        assert balance.note is not None
        assert balance.note.startswith("The as-shot white balance (1, 1, 1) is all equal")
        assert balance.note.endswith("daylight is used instead: 2, 1, 1.5.")

    def test_else_grey_world(self) -> None:
        assert choose_gains("auto-fallback", FileBalance(), means).gains == (2.0, 1.0, 1.6)

    def test_else_the_first_reason(self) -> None:
        with pytest.raises(WhiteBalanceError, match=r"holds no as-shot.*Neither daylight nor grey-world works"):
            choose_gains("auto-fallback", FileBalance(), black_frame)


class TestTemperatures:
    def test_warm_light_takes_more_blue(self) -> None:
        warm, cold = (choose_gains(choice, EQUAL, no_means).gains for choice in ("2856K", "7500K"))
        assert warm[2] / warm[0] > 2 * cold[2] / cold[0]

    def test_tint_makes_the_picture_more_magenta(self) -> None:
        plain, magenta = (choose_gains(choice, EQUAL, no_means).gains for choice in ("5200K", "5200K+40"))
        assert magenta[0] / magenta[1] > plain[0] / plain[1]
        assert magenta[2] / magenta[1] > plain[2] / plain[1]

    def test_daylight_from_the_matrix_where_the_file_has_no_gains(self) -> None:
        daylight = choose_gains("daylight", FileBalance(color=CANON), no_means).gains
        assert daylight == pytest.approx((1.924 / 0.915, 1, 0.967 / 0.915), rel=1e-3)

    @pytest.mark.parametrize("choice", ["5200K", "2000K-20", "10000K+5"])
    def test_hints_take_them(self, choice: str) -> None:
        assert RawHints(white_balance=choice).white_balance == choice

    @pytest.mark.parametrize("choice", ["5200", "900K", "99999K", "5200K+999", "5200k", "5200K+", "K", "cloudy"])
    def test_hints_refuse_what_no_light_has(self, choice: str) -> None:
        with pytest.raises(WhiteBalanceError, match=r"is unknown; give as-shot.*1700K to 25000K.*5200K\+10"):
            RawHints(white_balance=choice)


@pytest.mark.parametrize("order", CFA_ORDERS)
@pytest.mark.parametrize("shape", [(8, 8), (9, 7)])
def test_grey_world_finds_the_gains_a_grey_scene_was_dimmed_by(order: str, shape: tuple[int, int]) -> None:
    light = {"R": 400, "G": 800, "B": 500}
    black = (10.0, 20.0, 30.0, 40.0)
    cell = np.array([light[letter] + level for letter, level in zip(order, black)]).reshape(2, 2)
    mosaic = np.tile(cell, (5, 5))[: shape[0], : shape[1]].astype(np.uint16)
    means = mean_colors(mosaic, order, black, 1023.0)
    assert means == pytest.approx((400, 800, 500))
    assert grey_world_gains(means) == pytest.approx((2.0, 1.0, 1.6))


def test_grey_world_leaves_out_saturated_cells() -> None:
    mosaic = np.tile(np.array([[100, 200], [200, 100]], np.uint16), (4, 4))
    mosaic[:4, :4] = 1023
    assert mean_colors(mosaic, "RGGB", (0.0,) * 4, 1023.0) == pytest.approx((100, 200, 100))


@pytest.mark.parametrize("level", [0, 1023])
def test_grey_world_refuses_black_and_white_frames(level: int) -> None:
    mosaic = np.full((8, 8), level, np.uint16)
    with pytest.raises(WhiteBalanceError, match="positive means of R, G, B; found 0, 0, 0"):
        grey_world_gains(mean_colors(mosaic, "RGGB", (0.0,) * 4, 1023.0))
