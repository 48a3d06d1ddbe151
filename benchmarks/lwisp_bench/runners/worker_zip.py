"""The worker as one file to push: a zip that Python runs, of the worker and the runtime's modules."""

import functools
import io
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable

# Without lwisp_mobile/__init__.py, which would import the whole runtime, the package is a namespace package, and the
# worker imports the few modules it needs.
_LEFT_OUT = {"lwisp_mobile/__init__.py"}
_MAIN = "import sys\nfrom lwisp_bench.worker.main import main\nsys.exit(main())\n"
_DATE = (1980, 1, 1, 0, 0, 0)


@functools.cache
def worker_zip() -> bytes:
    """The worker's zip; equal sources give equal bytes."""
    entries: dict[str, bytes] = {"__main__.py": _MAIN.encode(), "lwisp_bench/": b"", "lwisp_mobile/": b""}
    bench, runtime = files("lwisp_bench"), files("lwisp_mobile")
    entries["lwisp_bench/__init__.py"] = bench.joinpath("__init__.py").read_bytes()
    entries.update(_modules(bench.joinpath("worker"), "lwisp_bench/worker/"))
    entries.update(_modules(runtime, "lwisp_mobile/"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries.keys() - _LEFT_OUT):
            archive.writestr(zipfile.ZipInfo(name, _DATE), entries[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _modules(folder: Traversable, prefix: str) -> dict[str, bytes]:
    """A package's modules and those of its subpackages."""
    found = {prefix: b""}
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found |= _modules(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found[prefix + entry.name] = entry.read_bytes()
    return found
