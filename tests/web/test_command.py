"""`lwisp web` as a user runs it."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from lwisp_web.packages import PAGE

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("modules")
def test_it_serves_until_it_is_stopped(interruptible: None) -> None:
    command = [sys.executable, "-m", "lwisp_mobile", "web", "--port", "0", "--bundle", "lwisp-lite"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("Open ").strip()
        with urllib.request.urlopen(f"{url}models/index.json") as answer:
            assert answer.read() == b'["lwisp-lite"]'
        server.send_signal(signal.SIGINT)
        assert server.stdout.read().endswith("Stopped.\n")
    assert server.returncode == 0


def test_types_are_sound(node: str, modules: Path) -> None:
    """JSDoc's types, checked by TypeScript."""
    project = Path(__file__).with_name("tsconfig.json")
    command = [node, modules / "typescript/bin/tsc", "--project", project, "--typeRoots", modules / "@types"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "FORCE_COLOR": "0"}, check=False)
    assert done.returncode == 0, done.stdout


def test_style_is_prettiers(node: str, modules: Path) -> None:
    files = [*PAGE.rglob("*.js"), PAGE / "style.css", *Path(__file__).parent.glob("*.*js")]
    command = [node, modules / "prettier/bin/prettier.cjs", "--no-config", "--print-width", "120", "--check", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
