"""Rules about what compiled classes may use: API levels, permissions, threads."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

from android_demo.checks.class_file import CompiledClass, Reference
from android_demo.checks.errors import CheckError
from android_demo.checks.project import Project
from android_demo.checks.stubs.declarations import Declarations, Member

PERMISSIONS = {"android.hardware.camera2.CameraManager.openCamera": "android.permission.CAMERA"}
"""By the calls that need them; the app has no other guarded call."""

SLOW = re.compile(r"org\.lwisp\.core\.engine\.(Engine|Developer|EngineFactory)\.(run|develop|open)")
SLOW_PACKAGES = ("org.lwisp.core.", "org.lwisp.demo.work.ModelRunner", "org.lwisp.demo.engine.")
"""Only these call the engine; the rest of the app goes through the controller, which has a thread for it."""
RUNNER = re.compile(r"org\.lwisp\.demo\.work\.ModelRunner\.(develop|measure)")
RUNNER_CALLERS = ("org.lwisp.demo.work.",)

_ANDROID = "{http://schemas.android.com/apk/res/android}"
_ANDROID_NAME = f"{_ANDROID}name"


def check_api_levels(classes: Iterable[CompiledClass], declarations: Declarations, min_sdk: int) -> str:
    """Refuse members newer than the oldest phone's, except in classes with @TargetApi. Raises CheckError with each."""
    checked, found = 0, []
    for compiled in classes:
        allowed = max(min_sdk, compiled.target_api or 0)
        for reference in compiled.references:
            if reference.owner.startswith("android."):
                checked += 1
                level = api_level(reference, declarations)
                if level > allowed:
                    found.append(f"{compiled.name} uses {reference.owner}.{reference.name}, of API {level}")
    if found:
        advice = f"minSdk is {min_sdk}: check the version and put the call into an object with @TargetApi."
        raise CheckError("; ".join(sorted(found)) + f". {advice}")
    return f"{checked} uses of Android's API"


def api_level(reference: Reference, declarations: Declarations) -> int:
    """Since which level a member is there; 1 if it always was."""
    parameters = reference.parameters if reference.is_method else None
    name = "constructor" if reference.name == "<init>" else reference.name
    member = Member(reference.owner, name, parameters)
    return max(
        declarations.since.get(member, 1), declarations.since.get(replace(member, name=None, parameters=None), 1)
    )


def check_permissions(classes: Iterable[CompiledClass], project: Project) -> str:
    """Refuse calls whose permission the manifest doesn't request, and doors without a lock. Raises CheckError."""
    called = {f"{use.owner}.{use.name}" for compiled in classes for use in compiled.references}
    needed = {PERMISSIONS[name] for name in called & PERMISSIONS.keys()}
    tree = ElementTree.parse(project.manifest)
    asked = {node.get(_ANDROID_NAME) for node in tree.iter("uses-permission")}
    if missing := needed - asked:
        raise CheckError(
            f"{project.manifest.name} doesn't request {', '.join(sorted(missing))}, which the app's calls need. Add it."
        )
    if open_to_all := unguarded(tree.getroot()):
        raise CheckError(
            f"{project.manifest.name} exports {', '.join(open_to_all)} to every app. Give android:permission, or don't."
        )
    if unused := asked - needed:
        raise CheckError(
            f"{project.manifest.name} requests {', '.join(map(str, unused))}, which no call needs. Remove it."
        )
    return ", ".join(sorted(needed))


def unguarded(manifest: ElementTree.Element) -> list[str]:
    """Components that other apps reach without a permission, beside the launcher's activity."""
    components = [node for kind in ("activity", "provider", "receiver", "service") for node in manifest.iter(kind)]
    return [
        str(node.get(_ANDROID_NAME))
        for node in components
        if node.get(f"{_ANDROID}exported") == "true"
        and node.get(f"{_ANDROID}permission") is None
        and "android.intent.category.LAUNCHER" not in [each.get(_ANDROID_NAME) for each in node.iter("category")]
    ]


def check_threads(classes: Iterable[CompiledClass]) -> str:
    """Refuse calls to the engine from outside the worker's classes. Raises CheckError with each."""
    allowed, found = 0, []
    for caller, callee in _slow_calls(classes):
        ok = caller.startswith(RUNNER_CALLERS if RUNNER.fullmatch(callee) else SLOW_PACKAGES)
        allowed += ok
        if not ok:
            found.append(f"{caller} calls {callee}")
    if found:
        raise CheckError("; ".join(sorted(found)) + ". Go through DemoController, which has a thread for it.")
    return f"{allowed} calls to the engine, all on the worker's side"


def _slow_calls(classes: Iterable[CompiledClass]) -> Iterator[tuple[str, str]]:
    for compiled in classes:
        for use in compiled.references:
            callee = f"{use.owner}.{use.name.partition('$')[0]}"
            if SLOW.fullmatch(callee) or RUNNER.fullmatch(callee):
                yield compiled.name, callee
