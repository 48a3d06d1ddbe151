"""Kotlin's compiler in one process for all compilations: it is slow until it's warm, and then three times as fast."""

import atexit
import subprocess
from functools import cache
from pathlib import Path
from threading import Timer

from android_demo.checks.errors import ToolError
from android_demo.checks.run import TIMEOUT_S, Result, jdk_tool

JVM = ("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""For work of seconds: too short for the JVM's second compiler to pay."""
_LOOP = Path(__file__).with_name("CompilerLoop.java")
_DONE = "done "


class Compiler:
    """The compiler's process; one compilation at a time."""

    def __init__(self, jars: Path) -> None:
        """Start it. jars: the compiler's. Raises ToolError if it can't be started."""
        command = [str(jdk_tool("java")), *JVM, "-cp", f"{jars}/*", str(_LOOP)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise ToolError(f"{command[0]} can't be run ({error}).") from error
        atexit.register(self.close)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def compile(self, arguments: list[str]) -> Result:
        """Run one compilation. Raises ToolError if the process ends or hangs."""
        watch = Timer(TIMEOUT_S, self._process.kill)
        watch.start()
        try:
            return self._compile("\0".join(arguments))
        except OSError as error:
            raise ToolError(f"Kotlin's compiler has ended ({error}).") from error
        finally:
            watch.cancel()

    def _compile(self, request: str) -> Result:
        sink, source = self._process.stdin, self._process.stdout
        if sink is None or source is None:
            raise ToolError("Kotlin's compiler has no pipes.")
        sink.write(request + "\n")
        sink.flush()
        lines: list[str] = []
        for line in source:
            if line.startswith(_DONE):
                return Result(0 if line.strip() == f"{_DONE}OK" else 1, "".join(lines))
            lines.append(line)
        raise ToolError(f"Kotlin's compiler has ended:\n{''.join(lines)[-3000:]}")


@cache
def compiler(jars: Path) -> Compiler:
    """The process for these jars, started at the first call."""
    return Compiler(jars)
