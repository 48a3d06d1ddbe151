"""What the app's Kotlin really writes is what the harness reads: its own writer, run on this machine's JVM."""

import json
from pathlib import Path

import pytest

from android_demo.checks.build import Build
from android_demo.checks.kotlin import Compilation, compile_kotlin
from lwisp_bench.results.app_results import read_measurements

pytestmark = pytest.mark.slow

WRITTEN = Path(__file__).parents[1] / "bench" / "app_run.json"
"""The same, kept for machines without the Android tools."""

_MAIN = """
import org.lwisp.core.contract.readBundle
import org.lwisp.core.engine.TimeSplit
import org.lwisp.core.measure.AppRun
import org.lwisp.core.measure.resultsJson
import org.lwisp.core.raw.PackedSize
import org.lwisp.core.tile.MemoryBudget
import org.lwisp.core.tile.planFrame
import java.io.File

fun main(arguments: Array<String>) {
    val facts = mapOf("manufacturer" to "Maker", "model" to "Phone 1", "soc" to null, "android" to "15", "sdk" to "35",
        "abi" to "arm64-v8a", "app" to "0.1.0", "litert" to "2.1.0")
    val samples = List(30) { 20.0 + (it % 7) * 0.25 + (if (it == 11) 9.5 else 0.0) }
    val model = readBundle(File(arguments[0]).readText()).model("int8")
    val plan = planFrame(PackedSize(256, 128), model.contract, MemoryBudget(1L shl 40, 1L shl 40))
    val run = AppRun(model, facts, "GPU", "CPU", null, plan,
        listOf(31.5, 22.0, 21.0), samples, TimeSplit(0.0, 4.5, 20.25, 6.125), "none", "light",
        "2026-01-01T00:00:00Z")
    File(arguments[1]).writeText(resultsJson(run))
}
"""


def write(build: Build, folder: Path) -> Path:
    """Compile a program around the app's writer, and run it."""
    sources, jar, written = folder / "sources", folder / "main.jar", folder / "app_run.json"
    sources.mkdir()
    (sources / "Main.kt").write_text(_MAIN)
    compile_kotlin(Compilation((sources,), [build.core], jar), build.tools)
    class_path = ":".join(map(str, [jar, build.core, build.tools.kotlin_stdlib]))
    contract = build.project.bundle / "contract.json"
    build.tools.run.java_tool("java", ["-cp", class_path, "MainKt", str(contract), str(written)]).checked("the writer")
    return written


def test_the_harness_reads_what_the_app_writes(build: Build, tmp_path: Path) -> None:
    written = write(build, tmp_path)
    (record,) = read_measurements(written).records
    assert record.measurement is not None
    assert record.measurement.summary.runs == 30
    fresh, committed = (json.loads(path.read_text()) for path in (written, WRITTEN))
    # The model's hash changes with every export.
    assert {**fresh, "model": None} == {**committed, "model": None}, f"copy {written} to {WRITTEN}"
