"""The core's tests on this machine's JVM, the shipped models among them."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from android_demo.checks.errors import CheckError, ToolError
from android_demo.checks.project import Project
from android_demo.checks.toolchain import Toolchain
from lwisp_mobile import Developer, load_bundle, read_raw
from lwisp_mobile.picture import to_8_bit

COMPILE_JARS = ("junit-jupiter-api", "junit-jupiter-params", "junit-platform-commons", "apiguardian-api", "jna")
RUN_JARS = (
    "junit-jupiter-engine",
    "junit-platform-engine",
    "junit-platform-launcher",
    "junit-platform-console",
    "junit-platform-reporting",
    "opentest4j",
    "opentest4j-reporting-events",
    "opentest4j-reporting-schema",
    "picocli",
    "univocity-parsers",
)
_COUNT = re.compile(r"\[\s*(\d+) tests (found|skipped|successful|failed)")
_SAYS = re.compile(r"^(?:int8|fp16)\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class TestRun:
    """Counts, and what tests say about themselves."""

    found: int
    successful: int
    failed: int
    skipped: int
    says: tuple[str, ...]
    log: str


def write_expected(project: Project, folder: Path) -> None:
    """Develop the sample with the Python runtime: one file of 8-bit R, G, B per precision."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = read_raw(project.assets / "sample.dng")
    for precision in ("int8", "fp16"):
        with Developer(load_bundle(project.bundle), precision=precision, threads=1) as developer:
            (folder / f"{precision}.rgb").write_bytes(to_8_bit(developer.develop(raw)).tobytes())


def run_tests(project: Project, tools: Toolchain, jars: tuple[Path, ...], expected: Path | None) -> TestRun:
    """Run every test of the last jar. expected: the folder of `write_expected`; None leaves the models out."""
    properties = {
        "lwisp.golden": project.golden,
        "lwisp.bundle": project.bundle,
        "lwisp.sample": project.assets / "sample.dng",
        **({"lwisp.expected": expected, "lwisp.litert": litert_library()} if expected else {}),
    }
    class_path = [tools.java(name) for name in (*COMPILE_JARS, *RUN_JARS)]
    paths = ":".join(map(str, [*class_path, tools.kotlin_stdlib, tools.jna_resources, *jars]))
    defines = [f"-D{name}={value}" for name, value in properties.items()]
    console = [
        "org.junit.platform.console.ConsoleLauncher",
        "--disable-banner",
        "--details=tree",
        "--disable-ansi-colors",
    ]
    arguments = [*defines, "-Xmx1g", "-cp", paths, *console, "--scan-classpath", str(jars[-1])]
    return _read(tools.run.java_tool("java", arguments).text)


def check_tests(run: TestRun, *, skipped: int = 0) -> str:
    """Raises CheckError if a test failed, or if another number than expected was skipped."""
    if run.failed or run.skipped != skipped or run.successful + run.skipped != run.found:
        raise CheckError(
            f"{run.failed} of {run.found} JVM tests failed, {run.skipped} were skipped:\n{run.log[-6000:]}"
        )
    return f"{run.successful} tests; " + "; ".join(run.says)


def litert_library() -> Path:
    """LiteRT's C library of the Python package."""
    spec = find_spec("ai_edge_litert")
    if spec is None or spec.origin is None:
        raise ToolError("ai-edge-litert isn't installed. Run: make env")
    return Path(spec.origin).with_name("libLiteRt.so")


def _read(log: str) -> TestRun:
    counts = {what: int(number) for number, what in _COUNT.findall(log)}
    if not counts:
        raise ToolError(f"The JVM tests didn't run:\n{log[-3000:]}")
    return TestRun(
        counts["found"], counts["successful"], counts["failed"], counts["skipped"], tuple(_SAYS.findall(log)), log
    )
