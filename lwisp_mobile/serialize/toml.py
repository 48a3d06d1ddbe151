"""Settings: TOML files to frozen dataclasses."""

import tomllib
from pathlib import Path
from typing import TypeVar

from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.files import read_file
from lwisp_mobile.serialize.from_dict import from_dict

T = TypeVar("T")

MAX_BYTES = 1 << 20
"""Settings have some hundred lines; a longer file isn't one of settings."""


def read_toml(cls: type[T], path: Path) -> T:
    """Read a file into a dataclass. Raises UsageError that names the file and what is wrong, missing or unknown."""
    try:
        tree = tomllib.loads(read_file(path, MAX_BYTES).decode("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror}). Give a .toml file.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} isn't TOML ({error}). Write lines such as: key = value") from error
    if not tree:
        raise UsageError(f"{path} is empty. Write lines such as: key = value")
    return from_dict(cls, tree, str(path))
