"""Make environments of other programs' own, the converter's first of all, on first use and find them again."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lwisp_export.errors import ConversionError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.folders import user_cache

LOG_TAIL_LINES = 12
TIMEOUT_S = 1800.0
"""For the downloads over a slow line; a conversion takes seconds."""

_INSTALL = ("-I", "-m", "pip", "install", "--no-deps", "--ignore-requires-python", "--disable-pip-version-check")


@dataclass(frozen=True)
class Tool:
    """A program that needs packages which ours exclude."""

    name: str
    """Of its environment."""
    title: str
    requirements: str
    """The text of its pinned requirements, complete: they are installed as they stand."""
    takes: str
    """Roughly, to be made."""


def converter_python(progress: Progress) -> Path:
    """The Python interpreter of the converter's environment. As `tool_python`."""
    return tool_python(_converter(), progress)


def environment_folder() -> Path:
    """Where the converter's environment is cached."""
    return tool_folder(_converter())


def tool_python(tool: Tool, progress: Progress) -> Path:
    """The Python interpreter of a tool's environment, which is made if there is none yet.

    progress: called once, before the environment is made. Raises ConversionError if it can't be made.
    """
    folder = tool_folder(tool)
    if not _interpreter(folder).exists():
        progress(f"Making {tool.title}'s environment (once, {tool.takes}) in {folder}")
        _make(folder, tool)
    return _interpreter(folder)


def is_made(tool: Tool) -> bool:
    """Whether a tool's environment is there already."""
    return _interpreter(tool_folder(tool)).exists()


def find_package(tool: Tool, package: str) -> Path | None:
    """The folder of a package in a tool's environment; None where that isn't made."""
    if not is_made(tool):
        return None
    return next(tool_folder(tool).glob(f"lib/python*/site-packages/{package}"), None)


def package_version(tool: Tool, package: str) -> str:
    """A package's version in a tool's environment, as its folder of metadata is named; empty where it isn't there."""
    found = find_package(tool, f"{package}-*.dist-info")
    return "" if found is None else found.name.removeprefix(f"{package}-").removesuffix(".dist-info")


def tool_folder(tool: Tool) -> Path:
    """Where a tool's environment is cached; another one for other requirements or another Python."""
    key = f"{tool.requirements}\n{platform.python_version()}\n{sys.base_prefix}\n{platform.machine()}"
    return user_cache("lwisp-mobile") / f"{tool.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


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


def _make(folder: Path, tool: Tool) -> None:
    """Make the environment beside its final place, then rename it: a half-made one is never found."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise ConversionError(f"{folder.parent} can't be written ({error}). Set XDG_CACHE_HOME elsewhere.") from error
    try:
        _install(building, tool)
        _move(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _install(folder: Path, tool: Tool) -> None:
    needs_venv = "Python's venv and pip are needed (Debian and Ubuntu: apt install python3-venv)."
    run([sys.executable, "-I", "-m", "venv", str(folder)], "Making a virtual environment", needs_venv)
    requirements = folder / "requirements.txt"
    requirements.write_text(tool.requirements, encoding="utf-8")
    advice = "Check the network (or PIP_INDEX_URL, PIP_FIND_LINKS) and run the command again."
    run([str(_interpreter(folder)), *_INSTALL, "-r", str(requirements)], f"Installing {tool.title}", advice)


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


def _converter() -> Tool:
    return Tool("converter", "the model converter", _requirements(), "about half a minute")


def _requirements() -> str:
    return (resources.files(__package__) / "converter_requirements.txt").read_text(encoding="utf-8")
