"""The golden vectors are what the Python runtime makes today."""

import sys

from android_demo.checks.errors import CheckError
from android_demo.checks.project import ROOT, Project
from android_demo.checks.run import Run

WRITER = ROOT / "tests/golden/write_golden.py"


def check_golden(project: Project) -> str:
    """Raises CheckError if golden.json isn't what its script would write."""
    result = Run().program([sys.executable, str(WRITER), "--check", "--file", str(project.golden)])
    if result.code != 0:
        raise CheckError(result.text.strip()[-2000:])
    return f"{project.golden.stat().st_size / 1e3:.0f} kB"
