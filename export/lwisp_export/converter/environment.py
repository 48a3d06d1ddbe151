"""Make the converter's environment on first use and find it again afterwards."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from lwisp_export.errors import ConversionError

Report = Callable[[str], None]

LOG_TAIL_LINES = 12
TIMEOUT_S = 1800.0
"""For the downloads over a slow line; a conversion takes seconds."""

_INSTALL = ("-m", "pip", "install", "--no-deps", "--ignore-requires-python", "--disable-pip-version-check")


def converter_python(report: Report) -> Path:
    """The Python interpreter of the converter's environment, which is made if there is none yet.

    report: is told once, before the environment is made. Raises ConversionError if it can't be made.
    """
    folder = environment_folder()
    if not _interpreter(folder).exists():
        report(f"Making the model converter's environment (once, about half a minute) in {folder}")
        _make(folder)
    return _interpreter(folder)


def environment_folder() -> Path:
    """Where the environment is cached; another one for other requirements or another Python."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    key = f"{_requirements()}\n{platform.python_version()}\n{sys.base_prefix}\n{platform.machine()}"
    return Path(cache) / "lwisp-mobile" / f"converter-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def run(command: list[str], doing: str, advice: str) -> None:
    """Run a command quietly. Raises ConversionError with the end of its log if it fails."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            text=True,
            errors="replace",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConversionError(f"{doing} failed: {error}. {advice}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-LOG_TAIL_LINES:])
        raise ConversionError(f"{doing} failed with exit status {done.returncode}. {advice}\nEnd of its log:\n{tail}")


def _make(folder: Path) -> None:
    """Make the environment beside its final place, then rename it: a half-made one is never found."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise ConversionError(f"{folder.parent} can't be written ({error}). Set XDG_CACHE_HOME elsewhere.") from error
    try:
        _install(building)
        _move(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _install(folder: Path) -> None:
    needs_venv = "Python's venv and pip are needed (Debian and Ubuntu: apt install python3-venv)."
    run([sys.executable, "-m", "venv", str(folder)], "Making a virtual environment", needs_venv)
    with resources.as_file(resources.files(__package__) / "requirements.txt") as requirements:
        advice = "Check the network (or PIP_INDEX_URL, PIP_FIND_LINKS) and run the command again."
        run([str(_interpreter(folder)), *_INSTALL, "-r", str(requirements)], "Installing the model converter", advice)


def _move(building: Path, folder: Path) -> None:
    if folder.exists() and not _interpreter(folder).exists():
        # Its Python was uninstalled, so it can't run any more.
        shutil.rmtree(folder, ignore_errors=True)
    try:
        building.rename(folder)
    except OSError as error:
        # Another process made the same environment meanwhile; one is as good as the other.
        if not _interpreter(folder).exists():
            raise ConversionError(f"{folder} can't be written ({error}). Set XDG_CACHE_HOME elsewhere.") from error


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _requirements() -> str:
    return (resources.files(__package__) / "requirements.txt").read_text(encoding="utf-8")
