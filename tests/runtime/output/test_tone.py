"""Tones: named curves with the properties they are named for; what an 8-bit model's table keeps is stated here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lwisp_export.synthesis.tone import srgb_decode, srgb_encode
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.output.tone import Tone, apply_tone, contrast, inverse_contrast, standard, tone_note, tone_table
from lwisp_mobile.raw.color import SRGB_TO_XYZ

NEUTRAL = np.linspace(0, 1, 4097)
CODES = np.arange(256, dtype=np.float32) / 256
"""Values of an INT8 picture's codes."""


def code_of(linear: float, tone: Tone) -> float:
    encoded = srgb_encode(np.array([linear], np.float32))
    return float(255 * apply_tone(encoded, rendered="neutral", wanted=tone)[0])


def test_standard_looks_as_cameras_do() -> None:
    slopes = np.diff(standard(NEUTRAL)) * 4096
    assert standard(NEUTRAL)[[0, -1]].tolist() == [0, 1]
    assert slopes.min() > 0.82
    assert slopes.max() < 1.18
    assert np.abs(np.diff(slopes)).max() < 2e-3
    assert 128 <= code_of(0.18, "standard") <= 140
    assert code_of(0.01, "standard") >= 20


def test_standard_keeps_chroma_within_10_percent() -> None:
    rng = np.random.default_rng(0)
    scene = np.clip(rng.gamma(1.5, 0.15, (200, 200, 1)) * rng.uniform(0.6, 1.4, (200, 200, 3)), 0, 1)
    neutral = srgb_encode(scene.astype(np.float32))
    assert 0.9 < chroma(standard(neutral)) / chroma(neutral) < 1.1
    assert chroma(contrast(neutral)) / chroma(neutral) > 1.2


def chroma(rgb: np.ndarray) -> float:
    """Mean CIELAB chroma."""
    light = srgb_decode(rgb) @ SRGB_TO_XYZ.T / SRGB_TO_XYZ.sum(axis=1)
    lab = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
    return float(np.hypot(500 * (lab[..., 0] - lab[..., 1]), 200 * (lab[..., 1] - lab[..., 2])).mean())


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 2e-7), (np.float64, 2e-14)])
def test_contrast_can_be_undone(dtype: type, error: float) -> None:
    values = NEUTRAL.astype(dtype)
    undone = inverse_contrast(values)
    assert np.abs(contrast(undone) - values).max() < error
    assert np.all(np.diff(undone) > 0)
    assert undone.dtype == dtype


@given(st.floats(0.01, 0.99))
def test_what_is_rendered_becomes_neutral_again(neutral: float) -> None:
    rendered = contrast(np.array([neutral]))
    assert apply_tone(rendered, rendered="contrast", wanted="neutral")[0] == pytest.approx(neutral, abs=1e-9)
    assert apply_tone(rendered, rendered="contrast", wanted="standard")[0] == pytest.approx(
        standard(np.array([neutral]))[0], abs=1e-9
    )


def test_the_wanted_tone_needs_no_change() -> None:
    picture = NEUTRAL.astype(np.float32)
    assert apply_tone(picture, rendered="contrast", wanted="contrast") is picture
    assert tone_table(CODES, rendered="contrast", wanted="contrast") is CODES


@pytest.mark.parametrize(
    ("rendered", "wanted", "kept"),
    [
        ("contrast", "neutral", 11),
        ("contrast", "standard", 11),
        ("neutral", "contrast", None),
        ("neutral", "neutral", None),
    ],
)
def test_a_note_says_what_a_table_loses(rendered: RenderedTone, wanted: Tone, kept: int | None) -> None:
    notes = tone_note(CODES, rendered=rendered, wanted=wanted)
    levels = {round(float(255 * value)) for value in tone_table(CODES, rendered=rendered, wanted=wanted)}
    assert len(levels & set(range(32))) == (kept or 32)
    assert [f"{kept} of the 32 darkest codes" in note for note in notes] == ([True] if kept else [])


@pytest.mark.parametrize("tone", ["neutral", "standard"])
def test_a_table_keeps_black_and_white_and_rises(tone: Tone) -> None:
    table = tone_table(CODES, rendered="contrast", wanted=tone)
    levels = np.rint(255 * table)
    assert levels[0] == 0
    assert levels[-1] == 255
    assert np.all(np.diff(table) > 0)
    assert table.dtype == np.float32


def test_what_a_table_loses() -> None:
    """The figures that the module's and the user's documentation state."""
    levels = np.rint(255 * tone_table(CODES, rendered="contrast", wanted="neutral")).astype(int)
    assert np.diff(levels).max() == 9
    assert np.diff(levels)[[0, -1]].tolist() == [9, 9]
    assert len({*levels[levels < 32].tolist()}) == 11
