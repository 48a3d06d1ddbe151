"""Java 8's base API as a jar: what the JDK keeps for `javac --release 8`, in a form that other tools read."""

import zipfile
from pathlib import Path

from android_demo.checks.run import jdk_tool

_RELEASE = "8"
_CLASS_VERSION = bytes((0, 0, 0, 52))


def java8_api(jar: Path) -> Path:
    """Write the jar if it isn't there. Members are named RELEASES/MODULE/PATH.sig, the releases one letter each."""
    if jar.exists():
        return jar
    symbols = jdk_tool("javac").resolve().parent.parent / "lib/ct.sym"
    with zipfile.ZipFile(symbols) as source, zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            releases, _, path = name.partition("/")
            module, _, member = path.partition("/")
            if _RELEASE in releases and module == "java.base" and name.endswith(".sig"):
                content = source.read(name)
                # Declarations alone: nothing in them is newer than the number that the JDK writes.
                target.writestr(member.replace(".sig", ".class"), content[:4] + _CLASS_VERSION + content[8:])
    return jar
