"""The page 'Where does it go?' names folders and files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where does it go?")[2].partition("\n## ")[0]
PLACES = sorted(set(re.findall(r"`((?:lwisp_mobile|export|benchmarks|web|tests|android_demo)/[^` ]*)`", PAGE)))


def test_the_page_names_places() -> None:
    assert len(PLACES) > 30


@pytest.mark.parametrize("place", PLACES)
def test_each_place_is_there(place: str) -> None:
    assert (ROOT / place).exists()
