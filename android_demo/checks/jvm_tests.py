"""The core's and the app's tests on this machine's JVM, the shipped models among them.

`python -m android_demo.checks.jvm_tests FOLDER` writes what they are compared with, for Gradle's runs of them.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from android_demo.checks.camera_frame import write_shot
from android_demo.checks.corrected_dng import write_corrected, write_linear
from android_demo.checks.errors import CheckError, ToolError
from android_demo.checks.project import Project
from android_demo.checks.toolchain import Toolchain
from lwisp_export.synthesis.dng import write_dng
from lwisp_mobile import Developer, RawImage, load_bundle, read_raw
from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import ContractError
from lwisp_mobile.frame.developer import DevelopOptions
from lwisp_mobile.output.tone import Tone
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.serialize.from_dict import from_dict

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
_FAILED = re.compile(r"^ *JUnit Jupiter:.*$", re.MULTILINE)
_REPORTED = re.compile(r"^(?:int8|fp16)\b.*$", re.MULTILINE)
_WORK_ROW = re.compile(r"^work: (\|.*\|)$", re.MULTILINE)
TILED_BYTES = {"int8": 200_000_000, "fp16": 300_000_000}
"""Budgets with which Python develops the large frame in tiles."""
TONES: tuple[Tone, ...] = ("neutral", "standard", "contrast")
MOST_TILES = 4
"""One of its stages has at least as many."""
HEAP_MB = 256
"""The large heap of an older phone; newer ones have twice that."""


@dataclass(frozen=True)
class TestRun:
    """Counts, and what the tests report."""

    found: int
    successful: int
    failed: int
    skipped: int
    reported: tuple[str, ...]
    work_rows: tuple[str, ...]
    """Of the README's table: a frame's work by budget."""
    log: str


def write_expected(project: Project, folder: Path) -> None:
    """Develop the sample, and a large frame in tiles, with the Python runtime.

    Writes the large frame as large.dng, a frame with every correction as corrected.dng and its planes with every step
    as corrected.f32; of each picture and precision a file of 8-bit R, G, B.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sample = read_raw(project.assets / "sample.dng")
    write_dng(folder / "large.dng", large_frame(sample))
    large = read_raw(folder / "large.dng")
    write_corrected(folder / "corrected.dng")
    corrected = read_raw(folder / "corrected.dng")
    write_shot_expected(project, folder)
    (folder / "corrected.f32").write_bytes(prepare(corrected, _everything(project)).planes.astype("<f4").tobytes())
    for precision in ("int8", "fp16"):
        with Developer(load_bundle(project.bundle), precision=precision, threads=1) as developer:
            whole = developer.run(sample, DevelopOptions(), np.uint8)
            (folder / f"{precision}.rgb").write_bytes(whole.rgb.tobytes())
            picture = developer.run(corrected, DevelopOptions(), np.uint8)
            (folder / f"corrected.{precision}.rgb").write_bytes(picture.rgb.tobytes())
            if precision == "int8":
                _write_chosen(developer, corrected, folder)
            tiled = developer.run(large, DevelopOptions(max_memory_bytes=TILED_BYTES[precision]), np.uint8)
            if max(len(stage.tiles) for stage in tiled.plan.stages) < MOST_TILES:
                raise ToolError(f"Python develops large.dng in fewer than {MOST_TILES} tiles; lower TILED_BYTES.")
            (folder / f"large.{precision}.rgb").write_bytes(tiled.rgb.tobytes())


def _write_chosen(developer: Developer, corrected: RawImage, folder: Path) -> None:
    """Pictures by other options, as tone.NAME.rgb, and of a linear file."""
    for tone in TONES:
        options = DevelopOptions(exposure_ev=0.7, lens_shading=False, distortion=False, tone=tone)
        (folder / f"tone.{tone}.rgb").write_bytes(developer.run(corrected, options, np.uint8).rgb.tobytes())
    write_linear(folder / "linear.dng")
    _write_picture(developer, read_raw(folder / "linear.dng"), folder / "linear.rgb")


def write_shot_expected(project: Project, folder: Path) -> None:
    """Write a made shot, and its INT8 picture by the Python runtime as shot.int8.rgb."""
    folder.mkdir(parents=True, exist_ok=True)
    with Developer(load_bundle(project.bundle), threads=1) as developer:
        _write_picture(developer, write_shot(folder), folder / "shot.int8.rgb")


def _write_picture(developer: Developer, raw: RawImage, path: Path) -> None:
    path.write_bytes(developer.run(raw, DevelopOptions(), np.uint8).rgb.tobytes())


def check_shot_file(project: Project, folder: Path) -> str:
    """Raises CheckError unless Python makes the picture of the app's DNG that it makes of the shot's facts."""
    with Developer(load_bundle(project.bundle), threads=1) as developer:
        found = developer.run(read_raw(folder / "shot.dng"), DevelopOptions(), np.uint8).rgb.tobytes()
    if found != (folder / "shot.int8.rgb").read_bytes():
        raise CheckError("Python makes another picture of shot.dng, which the app wrote, than of the shot's facts.")
    return "the DNG that the app writes of a shot gives Python the shot's picture"


def _everything(project: Project) -> InputContract:
    """The contract of the golden steps, which has every step of the pre-processing."""
    tree = json.loads(project.steps.read_text(encoding="utf-8"))["prepare"][0]["contract"]
    return from_dict(InputContract, tree, project.steps.name, ContractError)


def large_frame(sample: RawImage) -> RawImage:
    """The sample four times side by side: larger than the context's grid of crops, odd sides, lying on its side."""
    height, width = (side // 2 * 2 for side in sample.mosaic.shape)
    mosaic = np.tile(sample.mosaic[:height, :width], (2, 2))[:-1, :-1]
    return replace(sample, mosaic=np.ascontiguousarray(mosaic), orientation=6)


def run_tests(project: Project, tools: Toolchain, jars: Sequence[Path], expected: Path | None) -> TestRun:
    """Run every test of the last jar. expected: the folder of `write_expected`; None leaves the models out."""
    properties = {
        "lwisp.golden": project.golden,
        "lwisp.steps": project.steps,
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
    arguments = [*defines, f"-Xmx{HEAP_MB}m", "-cp", paths, *console, "--scan-classpath", str(jars[-1])]
    return _read(tools.run.java_tool("java", arguments).text)


def check_tests(run: TestRun, *, with_models: bool = True) -> str:
    """Raises CheckError if a test failed, or was skipped though it had the models it needs."""
    if run.failed or (run.skipped and with_models) or run.successful + run.skipped != run.found:
        names = "\n".join(_FAILED.findall(run.log))
        raise CheckError(
            f"{run.failed} of {run.found} JVM tests failed, {run.skipped} were skipped:\n{names}\n{run.log[-6000:]}"
        )
    return "\n    ".join([f"{run.successful} tests", *run.reported])


def check_work_table(run: TestRun, readme: Path) -> str:
    """Raises CheckError unless the README's table consists of the rows that the planner's test prints."""
    written = tuple(line for line in readme.read_text(encoding="utf-8").splitlines() if "megapixels," in line)
    rows = "\n    ".join(run.work_rows)
    if written != run.work_rows:
        raise CheckError(f"The table in {readme} is stale. Replace its rows with these:\n    {rows}")
    return f"work by budget, as in {readme.name}:\n    {rows}"


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
        counts["found"],
        counts["successful"],
        counts["failed"],
        counts["skipped"],
        tuple(_REPORTED.findall(log)),
        tuple(sorted(_WORK_ROW.findall(log))),
        log,
    )


if __name__ == "__main__":
    write_expected(Project(), Path(sys.argv[1]))
