"""Run the checks of the Android demo: `python -m android_demo.checks`, or only those named."""

import argparse
import sys
import time
from collections.abc import Callable

from android_demo.checks.apk import Code, build_apk, check_apk
from android_demo.checks.build import Build, empty_build_folder
from android_demo.checks.errors import CheckError, ToolError
from android_demo.checks.golden import check_golden
from android_demo.checks.gradle import check_gradle
from android_demo.checks.java8 import java8_api
from android_demo.checks.jvm_tests import check_shot_file, check_tests, check_work_table, run_tests, write_expected
from android_demo.checks.kotlin import check_style
from android_demo.checks.lint import check_api_levels, check_permissions, check_threads
from android_demo.checks.litert_surface import check_surface
from android_demo.checks.pins import read_pins
from android_demo.checks.project import Project
from android_demo.checks.resources import check_layouts
from android_demo.checks.toolchain import toolchain
from android_demo.checks.versions import catalog_versions, check_versions
from android_demo.checks.workflow import check_workflow


def main() -> int:
    """0: all passed; 1: a check failed; 2: the checks can't be run here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=f"one of {', '.join(CHECKS)}; default: all")
    names = parser.parse_args().checks or list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    try:
        build = Build(Project(), toolchain(print), empty_build_folder())
        return max([_run(name, build) for name in names])
    except ToolError as error:
        print(f"The checks can't be run: {error}", file=sys.stderr)
        return 2


def _run(name: str, build: Build) -> int:
    start = time.monotonic()
    try:
        result = CHECKS[name](build)
    except CheckError as error:
        print(f"FAILED  {name} ({time.monotonic() - start:.0f} s)\n{error}")
        return 1
    print(f"passed  {name} ({time.monotonic() - start:.0f} s): {result}", flush=True)
    return 0


def _versions(build: Build) -> str:
    return check_versions(build.project, read_pins())


def _gradle(build: Build) -> str:
    return check_gradle(build.project)


def _surface(_: Build) -> str:
    return check_surface()


def _workflow(build: Build) -> str:
    return check_workflow(build.tools)


def _style(build: Build) -> str:
    return check_style(build.project.demo, build.tools)


def _resources(build: Build) -> str:
    return f"{check_layouts(build.project)}; linked to {build.resources.apk.stat().st_size / 1e3:.0f} kB"


def _compile(build: Build) -> str:
    return f"{len(build.classes)} classes against API {catalog_versions(build.project)['compileSdk']}"


def _api(build: Build) -> str:
    return check_api_levels(build.classes, build.declarations, int(catalog_versions(build.project)["minSdk"]))


def _permissions(build: Build) -> str:
    return check_permissions(build.classes, build.project)


def _threads(build: Build) -> str:
    return check_threads(build.classes)


def _apk(build: Build) -> str:
    java = java8_api(build.folder / "java8.jar")
    code = Code((build.app, build.core, build.generated), (java, build.android, build.litert))
    apk = build_apk(build.project, build.tools, code, build.resources.apk, build.folder / "apk")
    return check_apk(apk, build.project, build.tools)


def _golden(build: Build) -> str:
    return check_golden(build.project)


def _jvm(build: Build) -> str:
    write_expected(build.project, build.folder / "expected")
    jars = (build.core, build.core_tests)
    run = run_tests(build.project, build.tools, jars, build.folder / "expected")
    return f"{check_tests(run)}\n    {check_work_table(run, build.project.demo / 'README.md')}"


def _app(build: Build) -> str:
    expected = build.folder / "expected"
    if not expected.exists():
        write_expected(build.project, expected)
    jars = [*build.app_test_path, build.app_tests]
    found = check_tests(run_tests(build.project, build.tools, jars, expected))
    return f"{found}\n    {check_shot_file(build.project, expected)}"


CHECKS: dict[str, Callable[[Build], str]] = {
    "versions": _versions,
    "gradle": _gradle,
    "surface": _surface,
    "workflow": _workflow,
    "style": _style,
    "resources": _resources,
    "compile": _compile,
    "api": _api,
    "permissions": _permissions,
    "threads": _threads,
    "apk": _apk,
    "golden": _golden,
    "jvm": _jvm,
    "app": _app,
}


if __name__ == "__main__":
    sys.exit(main())
