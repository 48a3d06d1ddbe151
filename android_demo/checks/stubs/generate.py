"""Android's API as a jar to compile against: the classes that the app imports, and what these lead to."""

import ast
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from android_demo.checks.errors import ToolError
from android_demo.checks.run import Run
from android_demo.checks.stubs.declarations import Declarations
from android_demo.checks.stubs.java_source import Api, bases, class_lines
from android_demo.checks.stubs.signatures import Signatures
from android_demo.checks.stubs.types import TypeReader

FULL_DEPTH = 2
"""Steps from an imported class along its members' types to the last class whose members are wanted."""
MAX_ROUNDS = 12
_ERROR = re.compile(r"^(\S+\.java):(\d+): error: (.*)$", re.MULTILINE)
_NAMED = re.compile(r"\bandroid(?:\.[a-z]\w*)*(?:\.[A-Z]\w*)+")


def named_classes(sources: Iterable[Path], signatures: Signatures) -> frozenset[str]:
    """Android classes that Kotlin sources name, and those inside. Unknown names are left to the compiler to refuse."""
    named = {name for path in sources for name in _NAMED.findall(path.read_text(encoding="utf-8"))}
    inside = tuple(f"{name}." for name in named)
    return frozenset(name for name in signatures.classes if name in named or name.startswith(inside))


def write_sources(roots: frozenset[str], signatures: Signatures, declarations: Declarations, folder: Path) -> int:
    """Write the stubs of the roots and of what they lead to as Java sources; return how many classes."""
    full = _reached(roots, signatures, FULL_DEPTH)
    known = _with_outer(_reached(full, signatures, 1) | full, signatures)
    api = Api(signatures, declarations, frozenset(full), frozenset(known))
    shutil.rmtree(folder, ignore_errors=True)
    _write(folder, "android", "StubMarker__", ["public final class StubMarker__ {}"])
    for name in sorted({signatures.outermost(name) for name in known}):
        package, _, simple = name.rpartition(".")
        _write(folder, package, simple, class_lines(api, name))
    return len(known)


def compile_sources(sources: Path, classes: Path, annotations: Path, run: Run) -> int:
    """Compile the stubs; drop members that javac refuses and try again. Returns how many were dropped.

    Two descriptions of an API, both simplified, don't make perfect Java: a member may clash with its parent's.
    Dropping is safe: a check can only become stricter by it.
    """
    dropped = 0
    for _ in range(MAX_ROUNDS):
        files = [str(path) for path in sorted(sources.rglob("*.java"))]
        arguments = sources.parent / "stubs.args"
        arguments.write_text("\n".join(files), encoding="utf-8")
        shutil.rmtree(classes, ignore_errors=True)
        options = ["--release", "8", "-nowarn", "-Xlint:none", "-Xmaxerrs", "5000", "-proc:none"]
        result = run.java_tool("javac", [*options, "-cp", str(annotations), "-d", str(classes), f"@{arguments}"])
        errors = _ERROR.findall(result.text)
        if result.code == 0:
            return dropped
        if not errors:
            raise ToolError(f"javac fails on the stubs:\n{result.text[-2000:]}")
        dropped += _drop(errors)
    raise ToolError("The stubs of Android's API don't compile; the packages they are made from have changed.")


def _reached(roots: frozenset[str] | set[str], signatures: Signatures, depth: int) -> set[str]:
    """The roots and their parents; then, step by step, what the members of the last step name, with parents."""
    reached = _with_parents(set(roots), signatures)
    frontier = reached
    for _ in range(depth):
        named = {reference for name in frontier for reference in _references(name, signatures)}
        frontier = _with_parents(named - reached, signatures) - reached
        reached |= frontier
    return reached


def _with_parents(names: set[str], signatures: Signatures) -> set[str]:
    known, new = set(names), set(names)
    while new:
        new = {parent for name in new for parent in _parents(name, signatures)} - known
        known |= new
    return known


def _parents(name: str, signatures: Signatures) -> set[str]:
    types = TypeReader(signatures, name)
    for base in bases(signatures.classes[name])[0]:
        types.java(base)
    return types.references


def _references(name: str, signatures: Signatures) -> set[str]:
    types = TypeReader(signatures, name)
    node = signatures.classes[name]
    for member in node.body:
        if isinstance(member, ast.AnnAssign):
            types.java(member.annotation)
        elif isinstance(member, ast.FunctionDef):
            annotations = [argument.annotation for argument in [*member.args.posonlyargs, *member.args.args]]
            for annotation in [*annotations, member.returns]:
                if annotation is not None:
                    types.java(annotation)
    for base in bases(node)[0]:
        types.java(base)
    return types.references


def _with_outer(names: set[str], signatures: Signatures) -> set[str]:
    """Nested classes are written inside their outer ones, whose parents are needed then."""
    known = _with_parents(names, signatures)
    outer = {name.rpartition(".")[0] for name in known} & signatures.classes.keys()
    return known if outer <= known else _with_outer(known | outer, signatures)


def _write(folder: Path, package: str, simple: str, lines: list[str]) -> None:
    path = folder / package.replace(".", "/") / f"{simple}.java"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([f"package {package};", *lines]) + "\n", encoding="utf-8")


def _drop(errors: list[tuple[str, str, str]]) -> int:
    by_file: dict[str, dict[int, str]] = defaultdict(dict)
    for path, line, message in errors:
        by_file[path][int(line)] = message
    for path, found in by_file.items():
        lines = Path(path).read_text(encoding="utf-8").split("\n")
        for number, message in found.items():
            lines[number - 1] = _healed(lines[number - 1], message)
        Path(path).write_text("\n".join(lines), encoding="utf-8")
    return len(errors)


def _healed(line: str, message: str) -> str:
    """A class header keeps its braces; any other line is one member, which goes."""
    if not line.endswith("{"):
        return ""
    if "does not override abstract" in message and "abstract class" not in line:
        return line.replace("class", "abstract class", 1)
    return re.sub(r" (implements|extends) [^{]*\{", " {", line)


__all__ = ["compile_sources", "named_classes", "write_sources"]
