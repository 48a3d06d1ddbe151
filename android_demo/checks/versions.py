"""The version catalog names what was tested here."""

import tomllib
from importlib.metadata import version

from android_demo.checks.errors import CheckError
from android_demo.checks.pins import Pins
from android_demo.checks.project import Project


def catalog_versions(project: Project) -> dict[str, str]:
    """The [versions] of libs.versions.toml."""
    versions: dict[str, str] = tomllib.loads(project.catalog.read_text(encoding="utf-8"))["versions"]
    return versions


def check_versions(project: Project, pins: Pins) -> str:
    """Compare the catalog with the tools. Raises CheckError naming each difference."""
    found = catalog_versions(project)
    npm = {pin.name: pin.version for pin in pins.npm}
    tested = {
        "kotlin": npm["kotlin-compiler"],
        "litert": version("ai-edge-litert"),
        "junit": pins.debian["junit5"].partition("-")[0],
        "jna": pins.debian["libjna-java"].partition("-")[0],
        "compileSdk": pins.pypi["chaquopy-stubs-android"].partition(".")[0],
    }
    wrong = [f"{name} = {found[name]}, tested is {value}" for name, value in tested.items() if found[name] != value]
    if wrong:
        raise CheckError(f"{project.catalog.name}: {'; '.join(wrong)}. Write the tested version.")
    return ", ".join(f"{name} {value}" for name, value in tested.items())
