"""What is checked: the demo's folder, and what it takes from the project around it."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Project:
    """Paths; a test may point some of them at a copy with a mistake in it."""

    demo: Path = ROOT / "android_demo"
    golden: Path = ROOT / "tests/golden/golden.json"
    steps: Path = ROOT / "tests/golden/steps.json"
    bundle: Path = ROOT / "lwisp_mobile/models/lwisp"
    licence: Path = ROOT / "LICENSE"

    @property
    def core(self) -> Path:
        """The core's sources."""
        return self.demo / "core/src/main/kotlin"

    @property
    def core_tests(self) -> tuple[Path, ...]:
        """The core's tests, and what they share with the app's."""
        return self.demo / "core/src/testFixtures/kotlin", self.demo / "core/src/test/kotlin"

    @property
    def app_tests(self) -> Path:
        """The app's tests."""
        return self.demo / "app/src/test/kotlin"

    @property
    def fakes(self) -> Path:
        """Stand-ins for the framework's classes, for the app's tests."""
        return self.demo / "app/src/test/java"

    @property
    def app(self) -> Path:
        """The app's sources."""
        return self.demo / "app/src/main/kotlin"

    @property
    def resources(self) -> Path:
        """The app's resources."""
        return self.demo / "app/src/main/res"

    @property
    def manifest(self) -> Path:
        """The app's manifest."""
        return self.demo / "app/src/main/AndroidManifest.xml"

    @property
    def assets(self) -> Path:
        """Assets that are part of the app's sources."""
        return self.demo / "app/src/main/assets"

    @property
    def catalog(self) -> Path:
        """The version catalog."""
        return self.demo / "gradle/libs.versions.toml"
