"""What libraries print on stdout, some only when the process ends, goes to stderr: results stay readable."""

import os
import sys
from typing import TextIO


def claim_stdout() -> TextIO:
    """Point the process's stdout, descriptor 1, at stderr; return a stream to where it pointed, for our own results."""
    sys.stdout.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    return open(own, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)
