"""Compiling Kotlin and running jars."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from android_demo.checks.compiler import JVM, compiler
from android_demo.checks.errors import CheckError, ToolError
from android_demo.checks.run import jdk_tool
from android_demo.checks.toolchain import Toolchain

# One class per lambda and plain string concatenation: the DEX compiler at hand knows nothing newer than Java 7.
_FOR_DEX = ("-Xlambdas=class", "-Xsam-conversions=class", "-Xstring-concat=inline")
_OPTIONS = (*_FOR_DEX, "-jvm-target", "1.8", "-Xjdk-release=1.8", "-no-stdlib", "-no-reflect", "-Werror")


@dataclass(frozen=True)
class Compilation:
    """Kotlin sources to one jar."""

    sources: tuple[Path, ...]
    """Folders."""
    class_path: Sequence[Path]
    jar: Path
    friend: Path | None = None
    """A jar whose internal names are visible: what tests test."""


def compile_kotlin(work: Compilation, tools: Toolchain) -> str:
    """Compile, warnings being errors. Returns a count of files. Raises CheckError with the compiler's messages."""
    files = [file for folder in work.sources for file in sorted(folder.rglob("*.kt"))]
    names = ", ".join(map(str, work.sources))
    if not files:
        raise ToolError(f"{names}: no Kotlin there.")
    class_path = ":".join(map(str, [tools.kotlin_stdlib, tools.annotations, *work.class_path]))
    friend = [f"-Xfriend-paths={work.friend}"] if work.friend else []
    arguments = [*_OPTIONS, *friend, "-cp", class_path, "-d", str(work.jar), *map(str, work.sources)]
    result = compiler(tools.kotlin).compile(arguments)
    if result.code != 0:
        raise CheckError(f"{names}: doesn't compile:\n{result.text[-4000:]}")
    return f"{len(files)} files"


def check_style(folder: Path, tools: Toolchain) -> str:
    """Run ktlint over Kotlin sources and build scripts. Raises CheckError with its findings."""
    arguments = [*JVM, "-jar", str(tools.ktlint), "--relative", "--log-level=error", "**/*.kt", "**/*.kts"]
    result = tools.run.program([str(jdk_tool("java")), *arguments], folder)
    if result.code != 0:
        raise CheckError(f"ktlint finds in {folder}:\n{result.text[-4000:]}")
    return f"{sum(1 for _ in folder.rglob('*.kt*'))} files"
