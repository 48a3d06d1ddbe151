"""The seam for backends of other packages: a program that runs one model on one backend, found by entry point.

The group `lwisp.backends` names functions without arguments that return a `BackendProgram`. The program is called with
one argument more, a folder with

* job.json: {"model": a file there, "signature": its only one, "inputs" and "outputs": [{"name", "file", "dtype",
  "shape"}]}; the inputs' files are there, little-endian values in C order;

and writes, in the same form, the outputs' files, then answer.json, whose fields are those of `ProgramAnswer`.
"""

from dataclasses import dataclass
from typing import Literal

PROGRAM_GROUP = "lwisp.backends"
JOB_FILE, ANSWER_FILE = "job.json", "answer.json"

Kind = Literal["hardware", "emulator", "software device", "compiler's estimate"]
"""What computes. Only hardware has a time that means anything."""


@dataclass(frozen=True)
class BackendProgram:
    """How to call a backend of another package."""

    title: str
    """Of its row."""
    kind: Kind
    command: tuple[str, ...]
    missing: str = ""
    """How to get what it lacks on this machine; empty: it can be called."""


@dataclass(frozen=True)
class ProgramAnswer:
    """What the backend did with the model."""

    refused: str = ""
    """The operators that it refuses, with its own reasons; empty: it took the model and wrote the outputs."""
    taken: int | None = None
    """Operators that it runs itself; None: it doesn't say."""
    operators: int | None = None
    """Of how many."""
    partitions: int | None = None
    device: str = ""
    versions: str = ""
    """Of the programs that took part, as "LiteRT 2.3.0"."""
    note: str = ""
    """What else a reader must know."""
