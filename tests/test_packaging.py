"""The wheel as a user gets it: built, installed without extras into an empty environment, and run there."""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.cli.main import installed as installed_commands

ROOT = Path(__file__).resolve().parents[1]
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "lwisp_mobile", "export", "benchmarks", "web")

pytestmark = pytest.mark.slow  # a wheel is built and installed into an environment of its own, twice


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel and the bare runtime in it, far from the source tree."""

    folder: Path
    python: Path
    wheel: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python; nothing of the caller's Python settings reaches it."""
        return subprocess.run(
            [str(self.python), *command],
            cwd=self.folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def lwisp(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command as `python -m`, the same on every system."""
        return self.run("-m", "lwisp_mobile", *arguments)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("packaging")
    wheel = build_wheel(folder)
    checked(sys.executable, "-m", "venv", "--without-pip", str(folder / "empty"))
    python = folder / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    constraints = ROOT / "constraints" / "runtime.txt"
    checked(*pip("--python", str(python), "install", "--constraint", str(constraints), str(wheel)))
    return Installed(folder, python, wheel)


def build_wheel(folder: Path) -> Path:
    # From a copy: a build in the tree would pick up, and leave behind, files of other builds.
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(ROOT / name, source / name)
    checked(*pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)))
    return next(folder.glob("*.whl"))


def pip(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments)


def clean_environment() -> dict[str, str]:
    """The environment without Python's settings: a PYTHONPATH to a checkout would count as installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def checked(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean_environment(), check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_the_wheel_holds_what_it_ships(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "lwisp_mobile/py.typed" in names
    for bundle in ("lwisp", "lwisp-lite"):
        assert f"lwisp_mobile/models/{bundle}/contract.json" in names
        assert f"lwisp_mobile/models/{bundle}/{bundle}.int8.tflite" in names
    assert any(name.startswith("lwisp_export/recipes/") and name.endswith(".toml") for name in names)
    assert "lwisp_export/conversion/converter_requirements.txt" in names


def test_the_wheel_holds_only_our_packages(installed: Installed) -> None:
    top = {name.partition("/")[0] for name in zipfile.ZipFile(installed.wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {
        "lwisp_mobile",
        "lwisp_export",
        "lwisp_bench",
        "lwisp_web",
    }


def test_every_data_file_of_the_tree_is_in_the_wheel(installed: Installed) -> None:
    names = set(zipfile.ZipFile(installed.wheel).namelist())
    source = installed.folder / "source"
    for package in ("lwisp_mobile", "export/lwisp_export", "benchmarks/lwisp_bench", "web/lwisp_web"):
        base = (source / package).parent
        files = {path.relative_to(base).as_posix() for path in (source / package).rglob("*") if path.is_file()}
        assert not files - names


def test_help_lists_every_command(installed: Installed) -> None:
    done = installed.lwisp("--help")
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0] for line in done.stdout.partition("commands:")[2].splitlines() if line.startswith("  ")}
    assert listed == {entry.name for entry in installed_commands()}


def test_version(installed: Installed) -> None:
    assert installed.lwisp("--version").stdout.startswith("lwisp 0.")


def test_with_the_raw_extra_a_dng_becomes_a_picture(installed: Installed, tmp_path: Path) -> None:
    """As a user does it: no torch, no checkout."""
    write_sample(tmp_path / "photo.dng")
    checked(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "raw"))
    python = tmp_path / "raw" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    constraints = ROOT / "constraints" / "dev.txt"
    checked(*pip("--python", str(python), "install", "--constraint", str(constraints), f"{installed.wheel}[raw]"))
    done = Installed(tmp_path, python, installed.wheel).lwisp("develop", "photo.dng", "-o", "photo.jpg")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "photo.jpg") as picture:
        assert picture.size == (511, 512)
    assert not list((tmp_path / "raw").rglob("torch"))


def test_develop_without_rawpy_names_the_pip_command(installed: Installed) -> None:
    raw = installed.folder / "x.dng"
    raw.write_bytes(b"II*\0\x08\0\0\0" + bytes(64))
    done = installed.lwisp("develop", str(raw))
    assert done.returncode == 2
    assert "pip install 'lwisp-mobile[raw]'" in done.stderr


@pytest.mark.parametrize("command", ["train", "export"])
def test_factory_commands_name_the_extra(installed: Installed, command: str) -> None:
    done = installed.lwisp(command, "--help")  # the help too needs what the command needs
    assert done.returncode == 2
    assert "pip install 'lwisp-mobile[export]'" in done.stderr
