"""Running tools: Java's own, jars, and programs unpacked from Debian packages."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from android_demo.checks.errors import ToolError

TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Result:
    """Exit status, and both outputs as one text."""

    code: int
    text: str

    def checked(self, doing: str) -> str:
        """The text, if the tool succeeded. Raises ToolError with the end of it otherwise."""
        if self.code != 0:
            raise ToolError(f"{doing} failed with exit status {self.code}:\n{self.text[-3000:]}")
        return self.text


@dataclass(frozen=True)
class Run:
    """Runs tools with what they need around them."""

    libraries: tuple[Path, ...] = ()
    """Folders of shared libraries that come before the system's."""

    def program(self, command: list[str], folder: Path | None = None) -> Result:
        """Run a program. Raises ToolError if it can't be started or hangs."""
        paths = ":".join(map(str, self.libraries))
        environment = {**os.environ, "LD_LIBRARY_PATH": paths} if paths else dict(os.environ)
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"{command[0]} can't be run ({error}).") from error
        return Result(done.returncode, done.stdout)

    def java_tool(self, name: str, arguments: list[str]) -> Result:
        """Run java, javac, jar or keytool of the JDK."""
        return Run().program([str(jdk_tool(name)), *arguments])


def jdk_tool(name: str) -> Path:
    """A tool of the JDK: under JAVA_HOME, else on the path. Raises ToolError saying how to get one."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(name, path=f"{home}/bin") if home else shutil.which(name)
    if found is None:
        raise ToolError(f"No {name}: a JDK 17 is needed (Debian: apt install openjdk-17-jdk-headless).")
    return Path(found)
