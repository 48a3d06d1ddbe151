"""The Android demo passes its checks; the JVM tests with the real models are among them."""

import pytest

from android_demo.checks.__main__ import CHECKS
from android_demo.checks.build import Build

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", CHECKS)
def test_check_passes(name: str, build: Build) -> None:
    print(f"{name}: {CHECKS[name](build)}")  # noqa: T201  counts and times, shown by -rP
