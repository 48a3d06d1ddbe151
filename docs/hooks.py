"""What the site has beyond the pages: references made from the parsers and the public API."""

import re
from typing import Any

from mkdocs.structure.files import File, Files

import lwisp_mobile
from lwisp_mobile.cli.main import installed
from lwisp_mobile.cli.reference import command_reference

_OUT_OF_THE_SITE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")
_COMMANDS = """# Commands

Made from the commands' own parsers: the same as `lwisp COMMAND --help`. Exit codes: 0 pass, 1 a check failed,
2 wrong use or broken input, 3 inconclusive, 130 interrupted.
"""
_PYTHON = """# Python

What `import lwisp_mobile` offers. Whatever a user can cause is an `LwispError` whose message says what to do next.
"""


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    names = [name for name in lwisp_mobile.__all__ if name != "__version__"]
    pages = {
        "reference/commands.md": _COMMANDS + command_reference(installed()),
        "reference/python.md": _PYTHON + "".join(f"\n::: lwisp_mobile.{name}\n" for name in names),
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to the project's files outside docs/ become plain text: the site doesn't have them."""
    return _OUT_OF_THE_SITE.sub(r"\1", markdown)
