"""What the Python type stubs know: every class of Android's API with its members' types."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Signatures:
    """Classes by fully qualified name, dots between nested ones."""

    classes: dict[str, ast.ClassDef]

    def resolve(self, name: str, context: str) -> str | None:
        """The class that a name means inside another class or package; None if there's none."""
        while True:
            full = f"{context}.{name}" if context else name
            if full in self.classes:
                return full
            if not context:
                return None
            context = context.rpartition(".")[0]

    def outermost(self, name: str) -> str:
        """The top-level class around a nested one."""
        while name.rpartition(".")[0] in self.classes:
            name = name.rpartition(".")[0]
        return name


def read_signatures(root: Path) -> Signatures:
    """Read the packages android.* and dalvik.* of chaquopy-stubs-android."""
    found: dict[str, ast.ClassDef] = {}
    for top in ("android", "dalvik"):
        for path in sorted((root / f"{top}-stubs").rglob("__init__.pyi")):
            package = ".".join(path.parent.relative_to(root).parts).replace("-stubs", "", 1)
            found.update(_classes(ast.parse(path.read_text(encoding="utf-8")).body, package))
    return Signatures(found)


def _classes(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            name = f"{prefix}.{node.name}"
            yield name, node
            yield from _classes(node.body, name)
