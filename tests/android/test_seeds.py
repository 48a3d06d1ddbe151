"""Mistakes of seventeen kinds, put into a copy of the demo: each is caught by the check that is there for it."""

import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from android_demo.checks.apk import model_differences
from android_demo.checks.build import Build
from android_demo.checks.errors import CheckError
from android_demo.checks.golden import check_golden
from android_demo.checks.gradle import check_gradle
from android_demo.checks.jvm_tests import check_tests, run_tests, write_shot_expected
from android_demo.checks.lint import check_api_levels, check_permissions, check_threads
from android_demo.checks.litert_surface import SURFACE, check_surface
from android_demo.checks.project import Project
from android_demo.checks.toolchain import Toolchain
from android_demo.checks.workflow import WORKFLOW, check_workflow

pytestmark = pytest.mark.slow

APP = "app/src/main/kotlin/org/lwisp/demo"
CORE = "core/src/main/kotlin/org/lwisp/core"
TESTS = ("fakes", "core_tests", "app_tests")
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
    project = seeded(tmp_path, Edit(f"{APP}/camera/ShotReader.kt", "plane.rowStride", "plane.rowPitch"))
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
        '    val runner = org.lwisp.demo.work.ModelRunner(this) { error("none") }\n'
        "    val source = openSample(this)\n"
        "    runner.develop(source, controls.settings(), org.lwisp.demo.work.Job { })\n"
        "}",
    )
    mistaken = build.sharing(seeded(tmp_path, unguarded, on_ui_thread), tmp_path / "build", PLATFORM)
    with pytest.raises(CheckError, match=r"DeviceFactsKt uses .*getCurrentThermalStatus, of API 29"):
        check_api_levels(mistaken.classes, build.declarations, MIN_SDK)
    with pytest.raises(CheckError, match=r"MainActivity.* calls org.lwisp.demo.work.ModelRunner.develop"):
        check_threads(mistaken.classes)


def test_null_signature(build: Build, tmp_path: Path) -> None:
    """LiteRT's names are texts; its stand-in says so, and the stand-in is held against LiteRT's own declarations."""
    null = Edit(
        f"{APP}/engine/LiteRtEngine.kt",
        "createInputBuffer(it.name, signature.name)",
        "createInputBuffer(it.name, null)",
    )
    with pytest.raises(CheckError, match=r"(?i)null cannot be a value of a non-null type"):
        _ = build.sharing(seeded(tmp_path, null), tmp_path / "build", PLATFORM).app
    loose = SURFACE.read_text(encoding="utf-8").replace('signature: String = ""', "signature: String? = null", 1)
    with pytest.raises(CheckError, match=r"LiteRT has no .*signature: String\? = null"):
        check_surface(loose)


def test_unread_shading_map_and_unguarded_request(build: Build, tmp_path: Path) -> None:
    """Two mistakes in one compilation; each is caught by a test of its own."""
    unread = Edit(
        f"{APP}/camera/Facts.kt",
        "shot.get(CaptureResult.STATISTICS_LENS_SHADING_CORRECTION_MAP)?.let",
        "shot.get(CaptureResult.STATISTICS_LENS_SHADING_CORRECTION_MAP)?.takeIf { false }?.let",
    )
    unguarded = Edit(
        f"{APP}/camera/CameraSession.kt",
        "attempt { request = device?.createCaptureRequest(template)?.apply(fill)?.build() }",
        "request = device?.createCaptureRequest(template)?.apply(fill)?.build()",
    )
    mistaken = build.sharing(seeded(tmp_path, unread, unguarded), tmp_path / "build", (*PLATFORM, *TESTS))
    write_shot_expected(build.project, tmp_path / "expected")
    run = run_tests(build.project, build.tools, [*mistaken.app_test_path, build.app_tests], tmp_path / "expected")
    with pytest.raises(CheckError) as caught:
        check_tests(run)
    assert "ShotTest:int8PictureOfAShotEqualsPythons" in str(caught.value)
    assert "CameraTest:aCameraThatGoesAtAnyCallIsReportedInWordsAndClosed(String):[3] request" in str(caught.value)


def test_captured_script(tmp_path: Path) -> None:
    captured = Edit("app/build.gradle.kts", "map { File(it) }", "map { file(it) }")
    with pytest.raises(CheckError, match="uses the script's file"):
        check_gradle(seeded(tmp_path, captured))


def test_forced_toolchain_and_foreign_wrapper(tmp_path: Path) -> None:
    forced = Edit("core/build.gradle.kts", "kotlin {\n", "kotlin {\n    jvmToolchain(17)\n")
    project = seeded(tmp_path, forced)
    (project.demo / "gradle/wrapper/gradle-wrapper.jar").write_bytes(b"PK")
    with pytest.raises(CheckError, match=r"(?s)gradle-wrapper.jar isn't Gradle's own.*forces a toolchain"):
        check_gradle(project)


def test_broken_workflow(tools: Toolchain, tmp_path: Path) -> None:
    broken = tmp_path / "android.yml"
    broken.write_text(WORKFLOW.read_text(encoding="utf-8").replace("needs: build", "needs: built"), encoding="utf-8")
    with pytest.raises(CheckError, match="built"):
        check_workflow(tools, broken)


def test_missing_permission(build: Build, tmp_path: Path) -> None:
    asks = '<uses-permission android:name="android.permission.CAMERA" />'
    project = seeded(tmp_path, Edit("app/src/main/AndroidManifest.xml", asks, ""))
    with pytest.raises(CheckError, match=r"doesn't request android.permission.CAMERA"):
        check_permissions(build.classes, project)


def test_exported_without_a_permission(build: Build, tmp_path: Path) -> None:
    guard = '            android:launchMode="singleTask"\n            android:permission="android.permission.DUMP" />'
    project = seeded(
        tmp_path, Edit("app/src/main/AndroidManifest.xml", guard, '            android:launchMode="singleTask" />')
    )
    with pytest.raises(CheckError, match=r"exports \.bench\.BenchActivity to every app"):
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
