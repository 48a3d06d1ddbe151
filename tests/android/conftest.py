"""The Android checks' tools and one build of the demo for all tests."""

import pytest

from android_demo.checks.build import Build
from android_demo.checks.errors import ToolError
from android_demo.checks.project import Project
from android_demo.checks.toolchain import Toolchain, toolchain


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    """The tools, installed on first use; a machine without JDK, apt-get or npm skips with the reason."""
    try:
        return toolchain(lambda _: None)
    except ToolError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def build(tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The demo as it is."""
    return Build(Project(), tools, tmp_path_factory.mktemp("demo"))
