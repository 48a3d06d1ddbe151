"""Resources: compiled and linked by aapt2; texts where they belong; every picture described."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from android_demo.checks.errors import CheckError
from android_demo.checks.project import Project
from android_demo.checks.toolchain import Toolchain
from android_demo.checks.versions import catalog_versions

PACKAGE = "org.lwisp.demo"
VERSION_NAME = "0.1.0"
_ANDROID = "{http://schemas.android.com/apk/res/android}"
_TEXTS = ("text", "contentDescription", "hint", "label")
_PICTURES = ("ImageView", "ImageButton", "SurfaceView")


@dataclass(frozen=True)
class LinkedResources:
    """An APK without code, and the generated R class."""

    apk: Path
    java: Path


def link_resources(project: Project, tools: Toolchain, folder: Path) -> LinkedResources:
    """Compile and link the resources as Gradle would. Raises CheckError with aapt2's message."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    compiled, manifest, java = folder / "res.zip", folder / "AndroidManifest.xml", folder / "java"
    manifest.write_text(merged_manifest(project), encoding="utf-8")
    _aapt2(tools, ["compile", "--dir", str(project.resources), "-o", str(compiled)])
    # Debian's aapt2 is older than <uses-native-library>, of API 31.
    link = ["link", "--warn-manifest-validation", "-I", str(tools.framework_resources), "--manifest", str(manifest)]
    result = LinkedResources(folder / "resources.apk", java)
    assets = ["-A", str(project.assets)]
    _aapt2(tools, [*link, *assets, "-o", str(result.apk), "--java", str(java), "-0", "tflite", str(compiled)])
    return result


def merged_manifest(project: Project) -> str:
    """The manifest with what Gradle's build file adds to it."""
    versions = catalog_versions(project)
    ElementTree.register_namespace("android", _ANDROID.strip("{}"))
    root = ElementTree.parse(project.manifest).getroot()
    root.set("package", PACKAGE)
    root.set(f"{_ANDROID}versionCode", "1")
    root.set(f"{_ANDROID}versionName", VERSION_NAME)
    levels = {"minSdkVersion": versions["minSdk"], "targetSdkVersion": versions["targetSdk"]}
    root.insert(0, ElementTree.Element("uses-sdk", {f"{_ANDROID}{name}": level for name, level in levels.items()}))
    return ElementTree.tostring(root, encoding="unicode")


def check_layouts(project: Project) -> str:
    """Refuse texts outside strings.xml and pictures that a screen reader can't name. Raises CheckError with each."""
    found, views = [], 0
    for path in sorted(project.resources.glob("layout*/*.xml")):
        for view in ElementTree.parse(path).iter():
            views += 1
            for name in _TEXTS:
                text = view.get(f"{_ANDROID}{name}")
                if text is not None and not text.startswith("@string/"):
                    found.append(f'{path.name}: {name} "{text}" belongs in strings.xml')
            if view.tag in _PICTURES and view.get(f"{_ANDROID}contentDescription") is None:
                found.append(f"{path.name}: a {view.tag} has no contentDescription")
    if found:
        raise CheckError("; ".join(found))
    return f"{views} views"


def _aapt2(tools: Toolchain, arguments: list[str]) -> None:
    result = tools.run.program([str(tools.program("aapt2")), *arguments])
    if result.code != 0:
        raise CheckError(f"aapt2 {arguments[0]} refuses:\n{result.text[-2000:]}")
