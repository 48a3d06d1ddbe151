"""What a file says, joined with what the user says: the last step of every reader."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import RawFormatError
from lwisp_mobile.raw.color import as_matrix, unit_rows
from lwisp_mobile.raw.corrections import BadPixels, GainMap, VignetteRadial, WarpRectilinear
from lwisp_mobile.raw.dng_tags import DngFacts
from lwisp_mobile.raw.hints import RawHints, Sites
from lwisp_mobile.raw.image import CaptureInfo, Gains, RawImage
from lwisp_mobile.raw.white_balance import FileBalance, choose_gains, mean_colors

T = TypeVar("T")

FAR_BELOW = 4
"""An assumed white this many times the largest sample is worth a note."""


@dataclass(frozen=True)
class FileFacts:
    """A mosaic and what its file says about it; None where it says nothing."""

    mosaic: NDArray[np.uint16]
    """(H, W) uint16, masked borders removed."""
    cfa: str | None = None
    black: Sites | None = None
    white: float | None = None
    white_is_assumed: bool = False
    """Whether `white` follows from the number of bits alone."""
    balance: FileBalance = field(default_factory=FileBalance)
    camera_to_srgb: Matrix3 | None = None
    orientation: int = 1
    info: CaptureInfo = field(default_factory=CaptureInfo)
    notes: tuple[str, ...] = ()
    dng: DngFacts | None = None


def to_image(facts: FileFacts, hints: RawHints) -> RawImage:
    """Join a file's facts with the user's, who wins. Raises a RawError that names the key still missing."""
    cfa = _needed("cfa", _first(hints.cfa, facts.cfa), "the filter order, for example RGGB")
    black = _needed("black", _first(hints.black_sites, facts.black), "the sensor value of black, 0 if it's subtracted")
    white = _needed("white", _first(hints.white, facts.white), "the sensor value of white")
    choice = "as-shot" if hints.white_balance is None else hints.white_balance
    balance = choose_gains(choice, facts.balance, lambda: mean_colors(facts.mosaic, cfa, black, white))
    matrix = _matrix(facts, hints, balance.gains)
    raw = RawImage(
        mosaic=facts.mosaic,
        cfa=cfa,
        black_level=black,
        white_level=white,
        wb_gains=balance.gains,
        camera_to_srgb=matrix,
        orientation=hints.orientation or facts.orientation,
        info=_merge_info(facts.info, hints),
        notes=facts.notes + _notes(balance.note, matrix) + _white_note(facts, hints, white),
    )
    return raw if facts.dng is None else _with_corrections(raw, facts.dng)


def _with_corrections(raw: RawImage, dng: DngFacts) -> RawImage:
    found = dng.opcodes.corrections
    return replace(
        raw,
        notes=raw.notes + dng.notes,
        gain_maps=tuple(each for each in found if isinstance(each, GainMap)),
        vignette=tuple(each for each in found if isinstance(each, VignetteRadial)),
        bad_pixels=tuple(each for each in found if isinstance(each, BadPixels)),
        warp=tuple(each for each in found if isinstance(each, WarpRectilinear)),
        baseline_exposure_ev=dng.baseline_exposure_ev,
        noise_profile=dng.noise_profile,
        crop=dng.crop,
        facts=dng.facts,
    )


def _matrix(facts: FileFacts, hints: RawHints, gains: Gains) -> Matrix3 | None:
    """Camera to sRGB: the user's, else by the white balance where the file's matrices depend on it, else the file's."""
    if hints.matrix is not None:
        return as_matrix(unit_rows(np.array(hints.matrix)))
    if facts.dng is not None and facts.dng.color is not None and facts.dng.needs_color_model:
        return facts.dng.color.camera_to_srgb(gains)
    return None if facts.camera_to_srgb is None else as_matrix(unit_rows(np.array(facts.camera_to_srgb)))


def _first(given: T | None, said: T | None) -> T | None:
    return said if given is None else given


def _needed(key: str, value: T | None, what: str) -> T:
    if value is None:
        raise RawFormatError(f"{key} is missing: {what}. Give --{key}, or {key} in a sidecar (photo.raw.toml).")
    return value


def _notes(balance_note: str | None, matrix: Matrix3 | None) -> tuple[str, ...]:
    no_matrix = "No colour matrix in the file: colours are taken as the student's reference camera's."
    return tuple(note for note in (balance_note, no_matrix if matrix is None else None) if note)


def _white_note(facts: FileFacts, hints: RawHints, white: float) -> tuple[str, ...]:
    """Warn of a dark picture where white was only assumed."""
    largest = int(facts.mosaic.max(initial=0))
    if hints.white is not None or not facts.white_is_assumed or largest * FAR_BELOW > white:
        return ()
    bits = max(largest.bit_length(), 8)
    return (
        f"The file doesn't say its white level; {white:g} was taken, but the largest sample is {largest}. "
        f"If the picture is too dark, give the real one: --white {2**bits - 1} if samples have {bits} bits.",
    )


def _merge_info(info: CaptureInfo, hints: RawHints) -> CaptureInfo:
    return replace(
        info,
        make=_first(hints.make, info.make),
        model=_first(hints.model, info.model),
        iso=_first(hints.iso, info.iso),
    )
