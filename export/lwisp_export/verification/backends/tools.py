"""The programs that backends need, each in an environment of its own, made on request and found again."""

from importlib.resources import files

from lwisp_export.conversion.environment import Tool


def _tool(name: str, title: str, file: str, takes: str) -> Tool:
    return Tool(name, title, (files(__package__) / file).read_text(encoding="utf-8"), takes)


OPENVINO = _tool("openvino", "OpenVINO", "openvino.txt", "230 MB, about half a minute")
ETHOS_U = _tool("ethos-u", "Vela", "ethos_u.txt", "80 MB, about half a minute")
TFLITE_RUNTIME = _tool("tflite-runtime", "tflite-runtime", "tflite_runtime.txt", "70 MB, about half a minute")


def how_to_install(backend: str, tool: Tool) -> str:
    """What a row says whose tool isn't there."""
    return f"{tool.title} isn't installed: lwisp verify --backends {backend} --install ({tool.takes})"
