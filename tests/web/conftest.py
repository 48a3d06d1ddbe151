"""Node for the page's modules; a machine without it skips, with the reason."""

import shutil
import subprocess

import pytest

MIN_NODE = 20


@pytest.fixture(scope="session")
def node() -> str:
    """Node's command."""
    command = shutil.which("node")
    if command is None:
        pytest.skip("node isn't installed: the page's JavaScript isn't tested")
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < MIN_NODE:
        pytest.skip(f"node is {version.strip()}; {MIN_NODE} or newer is needed to test the page's JavaScript")
    return command
