"""An APK as a phone would get it: shrunk, in DEX, packed, aligned, signed; then read back by another program."""

import hashlib
import json
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from android_demo.checks.errors import CheckError
from android_demo.checks.project import Project
from android_demo.checks.resources import PACKAGE
from android_demo.checks.toolchain import Toolchain
from android_demo.checks.versions import catalog_versions

_PASSWORD = "android"
"""Of a key that is made for one check and thrown away."""
_SHRINK = """\
-keep public class * extends android.app.Activity { *; }
-keep public class * extends android.app.Application { *; }
-keep public class * extends android.content.ContentProvider { *; }
-keep public class * extends android.view.View { <init>(...); }
-target 1.7
-dontobfuscate
-dontoptimize
-dontnote **
-dontwarn **
"""


@dataclass(frozen=True)
class Code:
    """Compiled classes of the app, and what they were compiled against."""

    app: tuple[Path, ...]
    platform: tuple[Path, ...]


def build_apk(project: Project, tools: Toolchain, code: Code, resources: Path, folder: Path) -> Path:
    """Pack and sign. LiteRT's own classes and libraries aren't in it: they come from Google's Maven."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shrunk = _shrink(tools, code, folder)
    dex = folder / "classes.dex"
    dx = ["-cp", str(tools.dx), "com.android.dx.command.Main", "--dex", f"--output={dex}"]
    tools.run.java_tool("java", ["-Xmx1g", *dx, str(shrunk)]).checked("dx")
    packed = _pack(project, resources, dex, folder / "packed.apk")
    return _sign(tools, packed, folder)


def read_apk(apk: Path, tools: Toolchain) -> dict[str, object]:
    """What androguard reads in an APK; it runs as a program, its packages being no part of the project."""
    script = Path(__file__).with_name("apk_reader.py")
    command = [sys.executable, str(script), str(tools.pypi), str(apk)]
    tree: dict[str, object] = json.loads(tools.run.program(command).checked("Reading the APK"))
    return tree


def check_apk(apk: Path, project: Project, tools: Toolchain) -> str:
    """Compare an APK with the project. Raises CheckError naming each difference."""
    found = read_apk(apk, tools)
    versions = catalog_versions(project)
    expected = {
        "package": PACKAGE,
        "main_activity": f"{PACKAGE}.MainActivity",
        "permissions": ["android.permission.CAMERA"],
        "min_sdk": versions["minSdk"],
        "target_sdk": versions["targetSdk"],
        "signed": [False, True, True],
        "native_libraries": [],
        "application_class": True,
        "notices": ["assets/LICENSE.txt", "assets/NOTICE.txt"],
    }
    wrong = [f"{name} is {found[name]}, not {value}" for name, value in expected.items() if found[name] != value]
    wrong += model_differences(apk, project)
    if wrong:
        raise CheckError(f"{apk.name}: {'; '.join(wrong)}.")
    size = f"{apk.stat().st_size / 1e6:.1f} MB"
    return f"{size}, {found['classes']} classes, signed v2 and v3, models as in the bundle"


def model_differences(apk: Path, project: Project) -> list[str]:
    """Models whose hashes aren't those of the bundle's contract."""
    manifest = json.loads((project.bundle / "contract.json").read_text(encoding="utf-8"))
    wrong = []
    with zipfile.ZipFile(apk) as content:
        for model in manifest["models"]:
            found = hashlib.sha256(content.read(f"assets/bundle/{model['file']}")).hexdigest()
            if found != model["sha256"]:
                wrong.append(f"{model['file']} has the hash {found[:16]}…, contract.json says {model['sha256'][:16]}…")
    return wrong


def _shrink(tools: Toolchain, code: Code, folder: Path) -> Path:
    shrunk, rules = folder / "shrunk.jar", folder / "shrink.pro"
    no_metadata = "(!META-INF/**,!**/module-info.class)"
    lines = [f"-injars {path}" for path in code.app]
    lines += [f"-injars {tools.kotlin_stdlib}{no_metadata}", f"-outjars {shrunk}"]
    lines += [f"-libraryjars {path}" for path in code.platform]
    rules.write_text("\n".join(lines) + "\n" + _SHRINK, encoding="utf-8")
    proguard = ["-Xss512k", "-Xmx1g", "-jar", str(tools.java("proguard")), f"@{rules}"]
    tools.run.java_tool("java", proguard).checked("proguard")
    return shrunk


def _pack(project: Project, resources: Path, dex: Path, packed: Path) -> Path:
    shutil.copy(resources, packed)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as content:
        content.write(dex, "classes.dex")
        content.write(project.licence, "assets/LICENSE.txt")
        content.write(project.bundle / "contract.json", "assets/bundle/contract.json")
        for model in sorted(project.bundle.glob("*.tflite")):
            content.write(model, f"assets/bundle/{model.name}", zipfile.ZIP_STORED)
    return packed


def _sign(tools: Toolchain, packed: Path, folder: Path) -> Path:
    aligned, key, signed = folder / "aligned.apk", folder / "key.p12", folder / "demo.apk"
    tools.run.program([str(tools.program("zipalign")), "-p", "4", str(packed), str(aligned)]).checked("zipalign")
    make = ["-genkeypair", "-keystore", str(key), "-storetype", "PKCS12", "-alias", "check", "-storepass", _PASSWORD]
    tools.run.java_tool("keytool", [*make, "-keyalg", "EC", "-validity", "1", "-dname", "CN=check"]).checked("keytool")
    signer = ["-cp", f"{tools.java('apksigner')}:{tools.java('apksig')}", "com.android.apksigner.ApkSignerTool"]
    sign = [
        "sign",
        "--v1-signing-enabled",
        "false",
        "--ks",
        str(key),
        "--ks-pass",
        f"pass:{_PASSWORD}",
        "--out",
        str(signed),
        str(aligned),
    ]
    tools.run.java_tool("java", [*signer, *sign]).checked("apksigner")
    tools.run.java_tool("java", [*signer, "verify", str(signed)]).checked("apksigner verify")
    return signed
