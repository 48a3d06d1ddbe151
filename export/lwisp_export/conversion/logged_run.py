"""Programs whose log is what they tell: compilers of vendors, and workers with a driver in them."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lwisp_mobile.child_process import child_environment

TIMEOUT_S = 900.0
_TAIL_LINES = 3


def log_tail(log: str) -> str:
    """The last lines of a log that aren't mere information, in one."""
    lines = [" ".join(line.split()) for line in log.splitlines() if line.strip() and not line.startswith("INFO")]
    return "; ".join(lines[-_TAIL_LINES:]) or "no message"


def run_logged(command: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it wrote. Its exit status says nothing that the files don't."""
    environment = {**child_environment(), **(variables or {})}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.decode("utf-8", "replace")


def library_path(*folders: Path) -> dict[str, str]:
    """The variable that adds folders to where libraries are looked for."""
    before = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": os.pathsep.join([*map(str, folders), *([before] if before else [])])}
