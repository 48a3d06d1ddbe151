"""Python processes of our own, which import nothing from the working folder.

They find the packages that this process finds; but a `signal.py` that came with the photos must not run.
"""

import os
import sys
from pathlib import Path

__all__ = ["child_environment", "python_command", "take_stdout"]

_PACKAGE_PARENT = str(Path(__file__).resolve().parents[1])


def python_command(*arguments: str, python: str = sys.executable) -> list[str]:
    """A command that runs Python. arguments: as of `python`, such as "-m", "pip"."""
    # -P: neither -c nor -m puts the working folder before the standard library.
    return [python, "-P", *arguments]


def child_environment(**more: str) -> dict[str, str]:
    """The environment for such a command. more: variables to add."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(_search_path()), **more}


def take_stdout() -> int:
    """In such a process: a descriptor of the real stdout, for its answers alone; what C code prints goes to stderr."""
    taken = os.dup(1)
    os.dup2(2, 1)
    return taken


def _search_path() -> list[str]:
    """This process's search path without the working folder: an empty or relative entry means it, too."""
    here = os.path.realpath(os.curdir)
    others = [entry for entry in sys.path if os.path.isabs(entry) and os.path.realpath(entry) != here]
    return [_PACKAGE_PARENT, *(entry for entry in others if entry != _PACKAGE_PARENT)]
