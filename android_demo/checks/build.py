"""Compiles everything once, in order; each part is made when it's first asked for."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from android_demo.checks.class_file import CompiledClass, read_jar
from android_demo.checks.errors import ToolError
from android_demo.checks.jvm_tests import COMPILE_JARS
from android_demo.checks.kotlin import Compilation, compile_kotlin
from android_demo.checks.project import ROOT, Project
from android_demo.checks.resources import PACKAGE, VERSION_NAME, LinkedResources, link_resources
from android_demo.checks.stubs.declarations import Declarations, read_declarations
from android_demo.checks.stubs.generate import compile_sources, named_classes, write_sources
from android_demo.checks.stubs.signatures import read_signatures
from android_demo.checks.toolchain import Toolchain
from android_demo.checks.versions import catalog_versions

_LITERT = Path(__file__).with_name("litert")


@dataclass(frozen=True)
class Build:
    """One project's build products, in a folder of their own."""

    project: Project
    tools: Toolchain
    folder: Path

    @cached_property
    def declarations(self) -> Declarations:
        """API levels of Android's members."""
        return read_declarations(self.tools.declarations)

    @cached_property
    def android(self) -> Path:
        """Classes of Android's API to compile against, kept in the cache by what the app names."""
        signatures = read_signatures(self.tools.pypi)
        sources = [*self.project.app.rglob("*.kt"), *_LITERT.glob("*.kt")]
        roots = named_classes(sources, signatures)
        generator = [path.read_bytes() for path in sorted(Path(__file__).with_name("stubs").glob("*.py"))]
        key = hashlib.sha256(b"".join([*generator, "\n".join(sorted(roots)).encode()])).hexdigest()[:16]
        classes = self.tools.folder / f"android-api-{key}"
        if not classes.exists():
            java, built = self.folder / "android-api", self.folder / "android-classes"
            write_sources(roots, signatures, self.declarations, java)
            compile_sources(java, built, self.tools.annotations, self.tools.run)
            shutil.move(built, classes)
        return classes

    @cached_property
    def resources(self) -> LinkedResources:
        """Linked resources with the R class's source."""
        return link_resources(self.project, self.tools, self.folder / "resources")

    @cached_property
    def generated(self) -> Path:
        """Classes that Gradle generates: R and BuildConfig."""
        source = self.resources.java / f"{PACKAGE.replace('.', '/')}/BuildConfig.java"
        source.write_text(self._build_config(), encoding="utf-8")
        classes = self.folder / "generated"
        files = [str(path) for path in self.resources.java.rglob("*.java")]
        options = ["--release", "8", "-nowarn", "-Xlint:none", "-d", str(classes)]
        self.tools.run.java_tool("javac", [*options, *files]).checked("javac on R")
        return classes

    @cached_property
    def core(self) -> Path:
        """The core's jar."""
        return self._kotlin("core", (self.project.core,), [])

    @cached_property
    def core_tests(self) -> Path:
        """The core's tests."""
        jars = [self.core, *(self.tools.java(name) for name in COMPILE_JARS)]
        return self._kotlin("core-tests", self.project.core_tests, jars, friend=self.core)

    @cached_property
    def litert(self) -> Path:
        """LiteRT's surface."""
        return self._kotlin("litert", (_LITERT,), [self.android])

    @cached_property
    def app(self) -> Path:
        """The app's jar."""
        return self._kotlin("app", (self.project.app,), [self.core, self.litert, self.generated, self.android])

    @cached_property
    def fakes(self) -> Path:
        """Stand-ins for the framework's classes."""
        classes = self.folder / "fakes"
        files = [str(path) for path in self.project.fakes.rglob("*.java")]
        options = ["--release", "8", "-nowarn", "-Xlint:none", "-d", str(classes)]
        self.tools.run.java_tool("javac", [*options, *files]).checked("javac on the stand-ins")
        return classes

    @property
    def app_test_path(self) -> list[Path]:
        """What the app's tests are compiled and run with; stand-ins come before what they stand for."""
        return [self.fakes, self.core_tests, self.app, self.core, self.generated, self.litert, self.android]

    @cached_property
    def app_tests(self) -> Path:
        """The app's tests."""
        jars = [*self.app_test_path, *(self.tools.java(name) for name in COMPILE_JARS)]
        return self._kotlin("app-tests", (self.project.app_tests,), jars, friend=self.app)

    @cached_property
    def classes(self) -> list[CompiledClass]:
        """The app's and the core's classes, for the rules."""
        return [*read_jar(self.app), *read_jar(self.core)]

    def sharing(self, project: Project, folder: Path, parts: tuple[str, ...]) -> "Build":
        """A build of another project that takes these parts from this one instead of making them."""
        other = Build(project, self.tools, folder)
        # Where cached_property looks first.
        other.__dict__.update({part: getattr(self, part) for part in parts})
        return other

    def _kotlin(self, name: str, sources: tuple[Path, ...], class_path: list[Path], friend: Path | None = None) -> Path:
        jar = self.folder / f"{name}.jar"
        jar.parent.mkdir(parents=True, exist_ok=True)
        compile_kotlin(Compilation(sources, class_path, jar, friend), self.tools)
        return jar

    def _build_config(self) -> str:
        fields = {"VERSION_NAME": VERSION_NAME, "LITERT_VERSION": catalog_versions(self.project)["litert"]}
        lines = [f"  public static final String {name} = {json.dumps(value)};" for name, value in fields.items()]
        return "\n".join([f"package {PACKAGE};", "public final class BuildConfig {", *lines, "}"]) + "\n"


def empty_build_folder() -> Path:
    """Where the command builds; emptied first. Raises ToolError if it can't be."""
    folder = ROOT / "build" / "android-checks"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    except OSError as error:
        raise ToolError(f"{folder} can't be made ({error}).") from error
    return folder
