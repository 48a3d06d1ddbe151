"""Mistakes of nine kinds, put into a copy of the demo: each is caught by the check that is there for it."""

import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from android_demo.checks.apk import model_differences
from android_demo.checks.build import Build
from android_demo.checks.errors import CheckError
from android_demo.checks.golden import check_golden
from android_demo.checks.jvm_tests import check_tests, run_tests
from android_demo.checks.lint import check_api_levels, check_permissions, check_threads
from android_demo.checks.project import Project

pytestmark = pytest.mark.slow

APP = "app/src/main/kotlin/org/lwisp/demo"
CORE = "core/src/main/kotlin/org/lwisp/core"
PLATFORM = ("core", "litert", "generated", "android")
MIN_SDK = 28


@dataclass(frozen=True)
class Edit:
    """One mistake."""

    file: str
    old: str
    new: str


def seeded(folder: Path, *edits: Edit) -> Project:
    """A copy of the demo with mistakes in it."""
    demo = folder / "demo"
    shutil.copytree(Project().demo, demo, ignore=shutil.ignore_patterns("checks", "build", "__pycache__"))
    for edit in edits:
        path = demo / edit.file
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.old!r} is {text.count(edit.old)} times in {edit.file}"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return replace(Project(), demo=demo)


def test_wrong_api(build: Build, tmp_path: Path) -> None:
    project = seeded(tmp_path, Edit(f"{APP}/camera/CapturedFrame.kt", "plane.rowStride", "plane.rowPitch"))
    with pytest.raises(CheckError, match="unresolved reference 'rowPitch'"):
        _ = build.sharing(project, tmp_path / "build", PLATFORM).app


def test_too_new_api_and_engine_on_the_ui_thread(build: Build, tmp_path: Path) -> None:
    """Two mistakes in one compilation; each has its own check."""
    unguarded = Edit(
        f"{APP}/work/DeviceFacts.kt",
        "if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) Api29.thermalStatus(context) else null",
        "context.getSystemService(PowerManager::class.java).currentThermalStatus.toString()",
    )
    on_ui_thread = Edit(
        f"{APP}/MainActivity.kt",
        "onClick(R.id.develop) { controller.develop(controls.settings()) }",
        "onClick(R.id.develop) {\n"
        "    val runner = org.lwisp.demo.work.ModelRunner(this)\n"
        "    val source = openSample(this)\n"
        "    runner.develop(source, controls.settings(), org.lwisp.demo.work.Job { })\n"
        "}",
    )
    mistaken = build.sharing(seeded(tmp_path, unguarded, on_ui_thread), tmp_path / "build", PLATFORM)
    with pytest.raises(CheckError, match=r"DeviceFactsKt uses .*getCurrentThermalStatus, of API 29"):
        check_api_levels(mistaken.classes, build.declarations, MIN_SDK)
    with pytest.raises(CheckError, match=r"MainActivity.* calls org.lwisp.demo.work.ModelRunner.develop"):
        check_threads(mistaken.classes)


def test_missing_permission(build: Build, tmp_path: Path) -> None:
    asks = '<uses-permission android:name="android.permission.CAMERA" />'
    project = seeded(tmp_path, Edit("app/src/main/AndroidManifest.xml", asks, ""))
    with pytest.raises(CheckError, match=r"doesn't request android.permission.CAMERA"):
        check_permissions(build.classes, project)


@pytest.mark.parametrize(
    ("edit", "caught_by"),
    [
        (
            Edit(f"{CORE}/raw/Mosaic.kt", "index * rowStrideBytes)", "index * 2 * widthPx)"),
            "planesEqualPythonsBitForBit",
        ),
        (
            Edit(f"{CORE}/raw/Cfa.kt", "GRBG(0, 1),\n    GBRG(1, 0)", "GRBG(1, 0),\n    GBRG(0, 1)"),
            "planesEqualPythonsBitForBit",
        ),
        (
            Edit(f"{CORE}/tile/Tile.kt", "starts.drop(1).map { it + haloPx }", "starts.drop(1)"),
            "tilesGiveTheWholeFramesPicture",
        ),
    ],
    ids=["wrong stride", "filter orders swapped", "halo kept"],
)
def test_wrong_pixels(edit: Edit, caught_by: str, build: Build, tmp_path: Path) -> None:
    mistaken = build.sharing(seeded(tmp_path, edit), tmp_path / "build", ())
    run = run_tests(build.project, build.tools, (mistaken.core, build.core_tests), None)
    # The console names a test so only where it tells how it failed.
    with pytest.raises(CheckError, match=rf"JUnit Jupiter:\w+:{caught_by}\b"):
        check_tests(run, with_models=False)


def test_stale_golden(tmp_path: Path) -> None:
    stale = tmp_path / "golden.json"
    text = Project().golden.read_text(encoding="utf-8")
    stale.write_text(text.replace('"exposure_ev": 1.5', '"exposure_ev": 1.25', 1), encoding="utf-8")
    with pytest.raises(CheckError, match="stale"):
        check_golden(replace(Project(), golden=stale))


def test_model_of_another_hash(tmp_path: Path) -> None:
    """The APK was packed from one bundle and is compared with another."""
    bundle = tmp_path / "bundle"
    shutil.copytree(Project().bundle, bundle)
    model = next(bundle.glob("*.int8.tflite"))
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    apk = tmp_path / "demo.apk"
    model.write_bytes(content)
    _zip_models(bundle, apk)
    assert len(model_differences(apk, Project())) == 1
    assert model.name in model_differences(apk, Project())[0]


def _zip_models(bundle: Path, apk: Path) -> None:
    with zipfile.ZipFile(apk, "w") as content:
        for model in bundle.glob("*.tflite"):
            content.write(model, f"assets/bundle/{model.name}")
