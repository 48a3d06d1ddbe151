"""What a backend answers, whatever it is."""

from dataclasses import dataclass
from typing import Literal

from lwisp_export.verification.backends.subject import Tensors
from lwisp_mobile.engine.backend_program import Kind

Verdict = Literal["accepted", "refused", "absent", "not applicable"]


@dataclass(frozen=True)
class Answer:
    """What one backend did with one model. None: the backend doesn't say."""

    verdict: Verdict
    detail: str = ""
    """Refused: the operators, in the backend's own words. Absent: how to get it. Else what a reader must know."""
    taken: int | None = None
    operators: int | None = None
    partitions: int | None = None
    device: str = ""
    kind: Kind | None = None
    versions: str = ""
    outputs: Tensors | None = None
