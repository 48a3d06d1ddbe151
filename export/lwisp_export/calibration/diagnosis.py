"""Defects of a calibration set that would cost the INT8 model accuracy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_export.calibration.convergence import ConvergencePoint
from lwisp_export.calibration.frame_facts import FrameFacts

Kind = Literal[
    "unreadable",
    "black frame",
    "white frame",
    "one scene",
    "few frames",
    "no bright frames",
    "no shadows",
    "no strong colours",
    "one ISO",
    "one light",
    "duplicates",
    "overlap",
    "not converged",
]

BLACK = 0.1
"""Prepared value that no part of a frame reaches when the lens is covered: 1 % of white, under the curve."""
WHITE_SHARE = 0.95
"""Share of clipped white from which a frame shows nothing else."""
SAME_SCENE = 0.95
"""Correlation of two thumbnails' brightness above which they show one scene, at whatever exposure."""
MIN_FRAMES = 8
BRIGHT_SHARE = 0.01
"""Share of clipped white from which a frame shows the upper end of the activations."""
SHADOW_SHARE = 0.05
COLORED_SHARE = 0.005
ISO_FACTOR = 4.0
"""Largest over smallest ISO: two stops."""
LIGHT_FACTOR = 1.3
"""Largest over smallest ratio of red and blue gain: daylight and overcast alone span less."""
SAME_FRAME = 0.006
"""Mean difference of thumbnails, values in [0, 1], below which two frames show one scene, as in a burst."""
MAX_GROWTH = 0.03
"""Mean growth of the ranges over the last quarter of the frames that still counts as converged."""


@dataclass(frozen=True)
class ExaminedFrame:
    """A readable frame and all that the diagnosis uses of it."""

    name: str
    sha256: str
    facts: FrameFacts
    thumbnail: NDArray[np.float32]


@dataclass(frozen=True)
class Finding:
    """One defect, and what to do about it."""

    kind: Kind
    message: str


def diagnose(
    frames: Sequence[ExaminedFrame],
    evaluation: Sequence[ExaminedFrame],
    unreadable: Sequence[str],
    convergence: Sequence[ConvergencePoint],
) -> tuple[Finding, ...]:
    """Every defect of a set; empty: none.

    evaluation: the frames that drift will be measured on. unreadable: one message per file that can't be used.
    """
    found = [Finding("unreadable", f"not used: {message}") for message in unreadable]
    empty = {frame.name: finding for frame in frames if (finding := _empty(frame))}
    return (
        *found,
        *empty.values(),
        *_coverage([frame.facts for frame in frames if frame.name not in empty]),
        *_one_scene([frame for frame in frames if frame.name not in empty]),
        *_duplicates(frames),
        *_overlap(frames, evaluation),
        *_convergence(convergence),
    )


def _empty(frame: ExaminedFrame) -> Finding | None:
    """A frame that shows nothing, and so doesn't count for what a set covers."""
    if frame.thumbnail.max() < BLACK:
        return Finding("black frame", f"{frame.name} is black all over (a covered lens?). Remove it.")
    if frame.facts.clipped_share >= WHITE_SHARE:
        return Finding(
            "white frame",
            f"{frame.name} is {frame.facts.clipped_share:.0%} clipped white and shows nothing else. Remove it.",
        )
    return None


def _one_scene(frames: Sequence[ExaminedFrame]) -> Iterator[Finding]:
    if len(frames) > 1 and all(_brightness_correlation(frames[0], other) > SAME_SCENE for other in frames[1:]):
        yield Finding(
            "one scene", f"all {len(frames)} frames show the scene of {frames[0].name}. Add frames of other places."
        )


def _brightness_correlation(frame: ExaminedFrame, other: ExaminedFrame) -> float:
    """Of the thumbnails, in [-1, 1]; 0 where one of them is flat."""
    first, second = (found.thumbnail.mean(axis=-1) for found in (frame, other))
    first, second = first - first.mean(), second - second.mean()
    energy = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / energy if energy else 0.0


def _coverage(facts: Sequence[FrameFacts]) -> Iterator[Finding]:
    if len(facts) < MIN_FRAMES:
        yield Finding("few frames", f"{len(facts)} frames; use {MIN_FRAMES} or more, of different scenes.")
    if not any(found.clipped_share >= BRIGHT_SHARE for found in facts):
        most = max((found.clipped_share for found in facts), default=0)
        yield Finding(
            "no bright frames",
            f"no frame has {BRIGHT_SHARE:.0%} of clipped white (at most {most:.2%}), so ranges measured on this set "
            "clip bright pictures. Add frames with sky, lamps or overexposure.",
        )
    if not any(found.shadow_share >= SHADOW_SHARE for found in facts):
        yield Finding("no shadows", f"no frame has {SHADOW_SHARE:.0%} of shadow. Add dark or contrasty scenes.")
    if not any(found.out_of_srgb_share >= COLORED_SHARE for found in facts):
        yield Finding(
            "no strong colours",
            f"no frame has {COLORED_SHARE:.1%} of colours beyond sRGB. Add flowers, signs or coloured lamps.",
        )
    yield from _spread(facts)


def _spread(facts: Sequence[FrameFacts]) -> Iterator[Finding]:
    isos = [found.iso for found in facts if found.iso]
    if not isos or max(isos) < ISO_FACTOR * min(isos):
        known = f"ISO {min(isos):g} to {max(isos):g}" if isos else "no frame records its ISO"
        yield Finding("one ISO", f"{known}; noise affects ranges. Add frames at {ISO_FACTOR:g} times the ISO.")
    ratios = [found.red_over_blue for found in facts]
    if not ratios or max(ratios) < LIGHT_FACTOR * min(ratios):
        yield Finding(
            "one light", "all frames have nearly the same white balance. Add other light: lamps, shade, daylight."
        )


def _duplicates(frames: Sequence[ExaminedFrame]) -> Iterator[Finding]:
    for number, frame in enumerate(frames):
        for other in frames[:number]:
            how = _same(frame, other)
            if how:
                yield Finding("duplicates", f"{frame.name} and {other.name} are {how}; remove one.")
                break


def _overlap(frames: Sequence[ExaminedFrame], evaluation: Sequence[ExaminedFrame]) -> Iterator[Finding]:
    for frame in frames:
        for other in evaluation:
            how = _same(frame, other)
            if how:
                yield Finding(
                    "overlap",
                    f"{frame.name} and {other.name} of the evaluation set are {how}; drift would be measured on "
                    "frames that INT8 was fitted to. Remove it from one of the two.",
                )


def _same(frame: ExaminedFrame, other: ExaminedFrame) -> str | None:
    if frame.sha256 == other.sha256:
        return "the same file"
    difference = float(np.abs(frame.thumbnail - other.thumbnail).mean())
    return f"almost the same picture (difference {difference:.4f})" if difference < SAME_FRAME else None


def _convergence(points: Sequence[ConvergencePoint]) -> Iterator[Finding]:
    if len(points) < 4:
        return
    before = points[len(points) * 3 // 4 - 1]
    growth = 1 - before.mean_share
    if growth > MAX_GROWTH:
        yield Finding(
            "not converged",
            f"the last {points[-1].frames - before.frames} frames widened the ranges by {growth:.1%} on average; "
            "more frames would widen them further. Add some.",
        )
