"""Strict JSON: what is written, and what is refused."""

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

from lwisp_mobile.errors import NonFiniteError
from lwisp_mobile.serialize.json_text import to_json


class Clock(Enum):
    WALL = "wall"


@dataclass(frozen=True)
class Run:
    """A result as commands have them."""

    device: str
    samples_ms: tuple[float, ...]
    psnr_db: float | None = None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Run("board", (1.5, 2.0)), {"device": "board", "samples_ms": [1.5, 2.0], "psnr_db": None}),
        ({"clock": Clock.WALL, 3: True}, {"clock": "wall", "3": True}),
        (PurePosixPath("a/b.dng"), "a/b.dng"),
        ([np.float32(0.5), np.int64(7), np.bool_(True)], [0.5, 7, True]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ("ΔE 2000", "ΔE 2000"),
        (2**60, 2**60),
    ],
)
def test_values(value: Any, plain: Any) -> None:
    assert json.loads(to_json(value)) == plain


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), np.float32("nan"), np.array([1.0, np.inf])])
def test_non_finite_is_refused(bad: Any) -> None:
    with pytest.raises(NonFiniteError):
        to_json([bad])


def test_the_place_is_named() -> None:
    with pytest.raises(NonFiniteError, match=r"^runs\[1\]\.samples_ms\[0\] is nan"):
        to_json({"runs": [Run("a", ()), Run("b", (float("nan"),))]})


@pytest.mark.parametrize("bad", [{1.5: 0}, {None: 0}, {True: 0}, object(), b"bytes", Run, {1, 2}])
def test_other_types_are_refused(bad: Any) -> None:
    with pytest.raises(TypeError):
        to_json(bad)
