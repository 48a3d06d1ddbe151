"""Fixtures for the runtime's tests."""

from pathlib import Path

import pytest

from lwisp_export.synthesis.sample import write_sample


@pytest.fixture(scope="session")
def sample_dng(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample RAW file, photo.dng: 511x512 px."""
    path = tmp_path_factory.mktemp("sample") / "photo.dng"
    write_sample(path)
    return path
