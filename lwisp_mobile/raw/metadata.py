"""What a file says, joined with what the user says: the last step of every reader."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.color import as_matrix, unit_rows
from lwisp_mobile.raw.hints import RawHints, Sites
from lwisp_mobile.raw.image import CaptureInfo, RawImage
from lwisp_mobile.raw.white_balance import FileBalance, choose_gains, mean_colors

T = TypeVar("T")


@dataclass(frozen=True)
class FileFacts:
    """A mosaic and what its file says about it; None where it says nothing."""

    mosaic: NDArray[np.uint16]
    """(H, W) uint16, masked borders removed."""
    cfa: str | None = None
    black: Sites | None = None
    white: float | None = None
    balance: FileBalance = field(default_factory=FileBalance)
    camera_to_srgb: Matrix3 | None = None
    orientation: int = 1
    info: CaptureInfo = field(default_factory=CaptureInfo)
    notes: tuple[str, ...] = ()


def to_image(facts: FileFacts, hints: RawHints) -> RawImage:
    """Join a file's facts with the user's, who wins. Raises a RawError that names the key still missing."""
    cfa = _needed("cfa", _first(hints.cfa, facts.cfa), "the filter order, for example RGGB")
    black = _needed("black", _first(hints.black_sites, facts.black), "the sensor value of black, 0 if it's subtracted")
    white = _needed("white", _first(hints.white, facts.white), "the sensor value of white")
    choice = "as-shot" if hints.white_balance is None else hints.white_balance
    balance = choose_gains(choice, facts.balance, lambda: mean_colors(facts.mosaic, cfa, black, white))
    matrix = _first(hints.matrix, facts.camera_to_srgb)
    return RawImage(
        mosaic=facts.mosaic,
        cfa=cfa,
        black_level=black,
        white_level=white,
        wb_gains=balance.gains,
        camera_to_srgb=None if matrix is None else as_matrix(unit_rows(np.array(matrix))),
        orientation=hints.orientation or facts.orientation,
        info=_merge_info(facts.info, hints),
        notes=facts.notes + _notes(balance.note, matrix),
    )


def _first(given: T | None, said: T | None) -> T | None:
    return said if given is None else given


def _needed(key: str, value: T | None, what: str) -> T:
    if value is None:
        raise RawFormatError(f"{key} is missing: {what}. Give --{key}, or {key} in a sidecar (photo.raw.toml).")
    return value


def _notes(balance_note: str | None, matrix: Matrix3 | None) -> tuple[str, ...]:
    no_matrix = "No colour matrix in the file: colours are taken as the student's reference camera's."
    return tuple(note for note in (balance_note, no_matrix if matrix is None else None) if note)


def _merge_info(info: CaptureInfo, hints: RawHints) -> CaptureInfo:
    return replace(
        info,
        make=_first(hints.make, info.make),
        model=_first(hints.model, info.model),
        iso=_first(hints.iso, info.iso),
    )
