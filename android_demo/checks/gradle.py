"""What of the Gradle build can be checked without Gradle: the wrapper's files, and scripts that the cache can keep."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from android_demo.checks.errors import CheckError
from android_demo.checks.project import Project

_CARRIAGE_RETURN = b"\r"
WRAPPER = {
    "gradlew": "aed171fb114f82e6eaea4970a245a200e0582a7dcc8ec0891ca41b6e4a62b754",
    "gradlew.bat": "9ca26d733ada3a45f27b2151288f54e75c9f95b287d1f82ef942ec5cc2d4f006",
    "gradle/wrapper/gradle-wrapper.jar": "55243ef57851f12b070ad14f7f5bb8302daceeebc5bce5ece5fa6edb23e1145c",
}
"""SHA-256 of Gradle 9.4.1's wrapper, which starts any version; scripts with line feeds alone."""
DISTRIBUTION = "gradle-9.5.0-bin.zip"
DISTRIBUTION_SHA256 = "553c78f50dafcd54d65b9a444649057857469edf836431389695608536d6b746"

_LATER = re.compile(r"\.(?:map|flatMap|zip|orElseGet)\s*\{|\b(?:doFirst|doLast|onlyIf)\s*\{")
"""Blocks that run when the build does: the configuration cache keeps them, and can't keep the script around them."""
_SCRIPT_NAMES = ("file", "files", "layout", "logger", "project", "projectDir", "providers", "rootDir", "tasks")
_TOP_VALUE = re.compile(r"^va[lr] (\w+)", re.MULTILINE)
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|//.*')
"""Texts and comments, which may contain any word."""


def check_gradle(project: Project) -> str:
    """Raises CheckError with each fault."""
    found = [*_wrapper_faults(project.demo), *_script_faults(project.demo)]
    if found:
        raise CheckError("; ".join(found) + ".")
    return f"wrapper of Gradle 9.4.1 for {DISTRIBUTION}, {len(_scripts(project.demo))} scripts"


def _wrapper_faults(demo: Path) -> Iterator[str]:
    for name, wanted in WRAPPER.items():
        content = (demo / name).read_bytes() if (demo / name).exists() else b""
        text = content if name.endswith(".jar") else content.replace(_CARRIAGE_RETURN, b"")
        if hashlib.sha256(text).hexdigest() != wanted:
            yield f"{name} isn't Gradle's own: {wanted[:16]}… is needed"
    properties = (demo / "gradle/wrapper/gradle-wrapper.properties").read_text(encoding="utf-8").splitlines()
    for line in (
        f"distributionUrl=https\\://services.gradle.org/distributions/{DISTRIBUTION}",
        f"distributionSha256Sum={DISTRIBUTION_SHA256}",
    ):
        if line not in properties:
            yield f'gradle-wrapper.properties has no "{line}"'


def _scripts(demo: Path) -> list[Path]:
    return sorted(path for path in demo.rglob("*.gradle.kts") if "build" not in path.relative_to(demo).parts[:-1])


def _script_faults(demo: Path) -> Iterator[str]:
    for path in _scripts(demo):
        text = _TEXT.sub("", path.read_text(encoding="utf-8"))
        where = str(path.relative_to(demo))
        if "jvmToolchain" in text or "languageVersion" in text:
            yield f"{where} forces a toolchain: whoever has only a newer JDK can't build"
        names = "|".join({*_SCRIPT_NAMES, *_TOP_VALUE.findall(text)})
        for block in _later_blocks(text):
            if captured := re.search(rf"(?<![\w.])({names})\b(?!\s*=)", block):
                yield f"{where}: a block that runs later uses the script's {captured[1]}, which the cache can't keep"


def _later_blocks(text: str) -> Iterator[str]:
    """The insides of blocks that are kept."""
    for start in _LATER.finditer(text):
        depth = 1
        for at in range(start.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 0:
                yield text[start.end() : at]
                break
