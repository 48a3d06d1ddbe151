"""Java source of one class of the API, with empty bodies."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from android_demo.checks.stubs.declarations import Declarations
from android_demo.checks.stubs.signatures import Signatures
from android_demo.checks.stubs.types import TypeReader, is_none, may_be_none

MARKER = "android.StubMarker__"
"""Type of a constructor that every class has, so that subclasses compile whatever their real constructors are."""

# The Python stubs call int and long both `int`; these are long where the app uses them.
_LONG_MEMBERS = {
    "ActivityManager.MemoryInfo.availMem",
    "ActivityManager.MemoryInfo.threshold",
    "ActivityManager.MemoryInfo.totalMem",
    "CaptureResult.getFrameNumber",
    "Image.getTimestamp",
    "SystemClock.elapsedRealtime",
    "SystemClock.elapsedRealtimeNanos",
    "SystemClock.uptimeMillis",
}
# The Python stubs say View; the caller's own type it is.
_CAST_TO_CALLER = {"findViewById": "android.view.View", "requireViewById": "android.view.View"}
_ANNOTATION_VALUES = {
    "android.annotation.SuppressLint": "String[] value();",
    "android.annotation.TargetApi": "int value();",
}
_RESERVED = re.compile(
    "assert|boolean|byte|case|char|class|continue|default|enum|final|float|import|in|int|interface|is|long|native|new"
    "|object|package|short|static|super|switch|this|throws|void"
)
_SKIPPED = re.compile("finalize|clone|equals|hashCode|toString|getClass|wait|notify|notifyAll")
_JAVA_INTERFACE = re.compile(
    r"java\.lang\.(AutoCloseable|Comparable|Cloneable|Runnable|CharSequence|Iterable|Appendable|annotation\.Annotation)"
    r"|java\.io\.(Closeable|Serializable)"
    r"|java\.util\.(Collection|Map|List|Set|Iterator|Enumeration|concurrent\.Executor)"
)
_THROW = "{ throw new RuntimeException(); }"
_ZEROS = {
    "int": "Integer.valueOf(0)",
    "long": "Long.valueOf(0)",
    "float": "Float.valueOf(0)",
    "double": "Double.valueOf(0)",
    "boolean": "Boolean.FALSE",
}
"""Unboxed, which makes them no constants."""


@dataclass(frozen=True)
class Api:
    """Both descriptions, and the classes whose members are wanted."""

    signatures: Signatures
    declarations: Declarations
    full: frozenset[str]
    """The others are named only, so they are empty."""
    known: frozenset[str]
    """All classes that are written."""

    def is_interface(self, name: str) -> bool:
        """Android's own or Java's."""
        return name in self.declarations.interfaces or bool(_JAVA_INTERFACE.fullmatch(name))


def bases(node: ast.ClassDef) -> tuple[list[ast.expr], list[str]]:
    """Base classes, and the class's own type variables."""
    kept: list[ast.expr] = []
    variables: list[str] = []
    for base in node.bases:
        if isinstance(base, ast.Subscript) and ast.unparse(base.value) == "typing.Generic":
            names = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            variables = [ast.unparse(name).rpartition("__")[2] for name in names]
        else:
            kept.append(base)
    return kept, variables


def class_lines(api: Api, name: str, *, nested: bool = False) -> list[str]:
    """The lines of a class and of the known classes inside it; one member a line."""
    lines = _ClassWriter(api, name, "static " if nested else "").lines()
    if lines[-1] == "}":
        inside = [f"{name}.{node.name}" for node in api.signatures.classes[name].body if isinstance(node, ast.ClassDef)]
        for inner in inside:
            if inner in api.known:
                lines[-1:-1] = class_lines(api, inner, nested=True)
    return lines


class _ClassWriter:
    """Writes one class without those inside it."""

    def __init__(self, api: Api, name: str, static: str) -> None:
        self._api = api
        self._name = name
        self._static = static
        self._node = api.signatures.classes[name]
        self._types = TypeReader(api.signatures, name)
        base_nodes, self._variables = bases(self._node)
        self._bases = [self._types.java(base) for base in base_nodes]
        self._methods = [member for member in self._node.body if isinstance(member, ast.FunctionDef)]
        self._interface = api.is_interface(name)

    def lines(self) -> list[str]:
        head = f"public {self._static}"
        if any(base.startswith("java.lang.Enum") for base in self._bases):
            values = [ast.unparse(member.target) for member in self._fields()]
            return [f"{head}enum {self._node.name} {{ {', '.join(values)} }}"]
        if any("annotation.Annotation" in base for base in self._bases):
            return [f"{head}@interface {self._node.name} {{ {_ANNOTATION_VALUES.get(self._name, '')} }}"]
        lines = [self._header()]
        if not self._interface:
            lines.append(f"protected {self._node.name}({MARKER} marker) {{ {self._super_call()} }}")
        if self._name in self._api.full:
            lines += self._members()
        return [*lines, "}"]

    def _header(self) -> str:
        parents = [base for base in self._bases if base not in ("java.lang.Object", "Object")]
        generic = f"<{', '.join(self._variables)}>" if self._variables else ""
        if self._interface:
            extends = f" extends {', '.join(parents)}" if parents else ""
            return f"public {self._static}interface {self._node.name}{generic}{extends} {{"
        classes = [base for base in parents if not self._api.is_interface(_raw(base))]
        interfaces = [base for base in parents if self._api.is_interface(_raw(base))]
        modifier = "abstract " if self._name in self._api.declarations.abstract else ""
        extends = f" extends {classes[0]}" if classes else ""
        implements = f" implements {', '.join(interfaces)}" if interfaces else ""
        return f"public {self._static}{modifier}class {self._node.name}{generic}{extends}{implements} {{"

    def _super_call(self) -> str:
        classes = [base for base in self._bases if not self._api.is_interface(_raw(base))]
        return f"super(({MARKER}) null);" if classes and _raw(classes[0]) in self._api.signatures.classes else ""

    def _members(self) -> Iterator[str]:
        for member in self._fields():
            yield self._field(member)
        seen: set[str] = set()
        for method in self._methods:
            if method.returns is not None and not _SKIPPED.fullmatch(method.name):
                line = self._method(method, method.returns)
                key = re.sub(r"\w+(?=[,)])", "", line.partition("{")[0])
                if key not in seen:
                    seen.add(key)
                    yield line

    def _fields(self) -> list[ast.AnnAssign]:
        return [member for member in self._node.body if isinstance(member, ast.AnnAssign)]

    def _field(self, member: ast.AnnAssign) -> str:
        name = ast.unparse(member.target)
        java = self._widened(name, self._types.java(member.annotation))
        if not _is_class_variable(member.annotation):
            return "" if self._interface else f"public {java} {name};"
        value = _constant(java, self._api.declarations.constants.get((self._name, name), ""))
        # A value known at compile time is inlined; one that isn't must not be, so it isn't a constant expression.
        zero = f"(({java}) ({_ZEROS.get(java, 'null')}))"
        return f"public static final {java} {name} = {value or zero};"

    def _method(self, method: ast.FunctionDef, returns: ast.expr) -> str:
        static = any(ast.unparse(decorator) == "staticmethod" for decorator in method.decorator_list)
        arguments = [*method.args.posonlyargs, *method.args.args][0 if static else 1 :]
        self._types.variables.clear()
        parameters = ", ".join(self._parameters(arguments, method.args.vararg))
        if method.name == "__init__":
            return "" if self._interface else f"public {self._node.name}({parameters}) {{ {self._super_call()} }}"
        if method.name in _CAST_TO_CALLER:
            return f"public <T extends {_CAST_TO_CALLER[method.name]}> T {method.name}({parameters}) {_THROW}"
        java = "void" if is_none(returns) else self._widened(method.name, self._types.java(returns))
        nullable = "@org.jetbrains.annotations.Nullable " if may_be_none(returns) else ""
        head = f"{self._own_variables(method.name)}{java} {method.name}({parameters})"
        return nullable + self._with_body(head, arguments, static)

    def _with_body(self, head: str, arguments: list[ast.arg], static: bool) -> str:
        if static:
            return f"public static {head} {_THROW}"
        if self._interface:
            return f"{head};" if len(self._methods) == 1 else f"default {head} {_THROW}"
        abstract = self._name in self._api.declarations.abstract and arguments and _unnamed(arguments)
        return f"public abstract {head};" if abstract else f"public {head} {_THROW}"

    def _own_variables(self, method: str) -> str:
        own = {name.rpartition("__")[2] for name in self._types.variables if name.startswith(f"_{method}")}
        return f"<{', '.join(sorted(own))}> " if own else ""

    def _parameters(self, arguments: list[ast.arg], rest: ast.arg | None) -> Iterator[str]:
        for argument in arguments:
            yield f"{self._parameter_type(argument)} {_safe(argument.arg)}"
        if rest is not None:
            yield f"{self._parameter_type(rest)}... {_safe(rest.arg)}"

    def _parameter_type(self, argument: ast.arg) -> str:
        return "Object" if argument.annotation is None else self._types.java(argument.annotation)

    def _widened(self, member: str, java: str) -> str:
        parts = f"{self._name}.{member}".split(".")
        names = {".".join(parts[start:]) for start in range(len(parts))}
        return "long" if java == "int" and names & _LONG_MEMBERS else java


def _is_class_variable(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "typing.ClassVar"


def _constant(java: str, value: str) -> str:
    patterns = {"int": r"-?\d+", "String": r'".*"', "boolean": "true|false", "float": r"-?[\d.e]+"}
    if java not in patterns or not re.fullmatch(patterns[java], value):
        return ""
    return f"{value}f" if java == "float" else value


def _raw(java: str) -> str:
    return java.partition("<")[0]


def _unnamed(arguments: list[ast.arg]) -> bool:
    """Abstract methods have no bodies from which parameters' names could be read."""
    return all(re.fullmatch(r"arg\d+", argument.arg) for argument in arguments)


def _safe(name: str) -> str:
    return f"{name}_" if _RESERVED.fullmatch(name) else name
