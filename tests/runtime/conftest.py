"""Fixtures for the runtime's tests, and profiles for the property tests among them."""

from pathlib import Path

import pytest
from hypothesis import settings

from lwisp_export.synthesis.sample import write_sample

# A long search: pytest tests/runtime/test_fuzz.py --hypothesis-profile=fuzz
settings.register_profile("fuzz", max_examples=20_000, deadline=None, print_blob=True)


@pytest.fixture(scope="session")
def sample_dng(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample RAW file, photo.dng: 511x512 px."""
    path = tmp_path_factory.mktemp("sample") / "photo.dng"
    write_sample(path)
    return path
