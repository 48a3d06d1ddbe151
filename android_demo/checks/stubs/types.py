"""Python annotations of the type stubs as Java types."""

import ast
from dataclasses import dataclass, field

from android_demo.checks.stubs.signatures import Signatures

_PRIMITIVES = {
    "jint": "int",
    "jlong": "long",
    "jfloat": "float",
    "jdouble": "double",
    "jboolean": "boolean",
    "jchar": "char",
    "jbyte": "byte",
    "jshort": "short",
}
_ARRAYS = {f"JavaArrayJ{name[1:].capitalize()}": f"{java}[]" for name, java in _PRIMITIVES.items()}
_SIMPLE = {
    "int": "int",
    "bool": "boolean",
    "float": "float",
    "str": "String",
    "None": "void",
    "java.lang.String": "String",
}
_BOXED = {"int": "Integer", "boolean": "Boolean", "float": "Float", "void": "Void"}
_PYTHON_ONLY = ("int", "float", "str", "bool")


@dataclass
class TypeReader:
    """Translates annotations inside one class; remembers what it met."""

    signatures: Signatures
    context: str
    references: set[str] = field(default_factory=set)
    """Android classes that were named."""
    variables: set[str] = field(default_factory=set)
    """Type variables, with the prefix that says whose they are."""

    def java(self, node: ast.expr, *, boxed: bool = False) -> str:
        """The Java type of an annotation. boxed: as a type argument."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = ast.parse(node.value, mode="eval").body
        if isinstance(node, ast.BinOp):
            return self._union(union_parts(node), boxed)
        if isinstance(node, ast.Subscript):
            return self._generic(node)
        return self._named(ast.unparse(node), boxed)

    def _union(self, parts: list[ast.expr], boxed: bool) -> str:
        """A parameter takes Python's type too; the Java one beside it counts. A primitive comes before its box."""
        names = [ast.unparse(part) for part in parts]
        for name in names:
            primitive = _PRIMITIVES.get(name.rpartition(".")[2]) if name.startswith("java.") else None
            if primitive:
                return primitive
        for part, name in zip(parts, names):
            if name not in _PYTHON_ONLY:
                return self.java(part, boxed=boxed)
        return self.java(parts[0], boxed=True)

    def _generic(self, node: ast.Subscript) -> str:
        base = ast.unparse(node.value)
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if base == "java.chaquopy.JavaArray":
            return self.java(arguments[0]) + "[]"
        if base == "typing.ClassVar":
            return self.java(arguments[0])
        if base == "typing.Type":
            kind = self.java(arguments[0], boxed=True)
            return "Class<?>" if kind.rpartition(".")[2] == "Object" else f"Class<{kind}>"
        name = self.java(node.value)
        if name == "Object":
            return name
        return f"{name}<{', '.join(self.java(argument, boxed=True) for argument in arguments)}>"

    def _named(self, name: str, boxed: bool) -> str:
        if name in _SIMPLE:
            return _BOXED.get(_SIMPLE[name], _SIMPLE[name]) if boxed else _SIMPLE[name]
        if name.startswith("java.chaquopy."):
            return _ARRAYS.get(name.rpartition(".")[2], "Object")
        if name.startswith(("java.", "javax.")):
            return _PRIMITIVES.get(name.rpartition(".")[2], name)
        if name.startswith("_") and "__" in name:
            self.variables.add(name)
            return name.rpartition("__")[2]
        return self._android(name)

    def _android(self, name: str) -> str:
        found = self.signatures.resolve(name, self.context)
        if found is None:
            return "Object"
        self.references.add(found)
        return found


def union_parts(node: ast.expr) -> list[ast.expr]:
    """The members of `a | b | None` without None."""
    if isinstance(node, ast.BinOp):
        return [*union_parts(node.left), *union_parts(node.right)]
    return [] if is_none(node) else [node]


def is_none(node: ast.expr) -> bool:
    """Whether an annotation is None."""
    return isinstance(node, ast.Constant) and node.value is None


def may_be_none(node: ast.expr) -> bool:
    """Whether an annotation is a union with None."""
    if isinstance(node, ast.BinOp):
        return may_be_none(node.left) or is_none(node.right) or is_none(node.left) or may_be_none(node.right)
    return False
