"""Templates of this folder to pages that need no other file."""

from pathlib import Path
from typing import Any

import jinja2

from lwisp_mobile.serialize.files import atomic_write


def write_html(path: Path, template: str, **values: Any) -> None:
    """Fill one of this folder's templates; a value that it lacks is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    with atomic_write(path) as temporary:
        temporary.write_text(environment.get_template(template).render(**values), encoding="utf-8")
