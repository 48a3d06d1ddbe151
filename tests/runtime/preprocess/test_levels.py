"""Levels and white balance: black and white end where they should."""

from dataclasses import replace

import numpy as np
import pytest

from lwisp_mobile.contract import InputContract
from lwisp_mobile.preprocess.levels import black_levels, clip_white, subtract_black
from lwisp_mobile.preprocess.white_balance import balance, balance_gains, plane_gains
from lwisp_mobile.raw.image import RawImage

RAW = RawImage(
    mosaic=np.full((2, 2), 1023, np.uint16),
    cfa="GRBG",
    black_level=(64.0, 65.0, 66.0, 67.0),
    white_level=1023.0,
    wb_gains=(3.0, 1.5, 2.25),
    camera_to_srgb=None,
)


def test_black_follows_the_filter_order() -> None:
    assert black_levels(RAW, InputContract()).tolist() == [65, 64, 67, 66]
    assert black_levels(RAW, InputContract(subtract_black=False)).tolist() == [0, 0, 0, 0]


def test_black_becomes_0_and_white_each_gain() -> None:
    black = black_levels(RAW, InputContract())
    planes = np.stack([np.full(4, 1023, np.float32), black], axis=1)[:, :, None]
    light = balance(subtract_black(planes, black), plane_gains(RAW, InputContract(), black))
    assert light[:, 0, 0] == pytest.approx(np.array([2, 1, 1, 1.5]))
    assert light[:, 1, 0].tolist() == [0, 0, 0, 0]


def test_the_smallest_gain_is_1_and_white_balance_can_be_left_out() -> None:
    assert balance_gains(RAW, InputContract()) == (2.0, 1.0, 1.0, 1.5)
    assert balance_gains(RAW, InputContract(white_balance=False)) == (1.0, 1.0, 1.0, 1.0)
    assert balance_gains(replace(RAW, wb_gains=(1.0, 2.0, 4.0)), InputContract()) == (1.0, 2.0, 2.0, 4.0)


def test_noise_under_black_stays_and_white_is_clipped() -> None:
    light = np.array([-0.04, 0, 1, 7], np.float32)
    assert clip_white(light).tolist() == pytest.approx([-0.04, 0, 1, 1])
