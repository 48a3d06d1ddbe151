"""What is wrong with a calibration set, before int8 is made from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lwisp_export.calibration.convergence import ConvergencePoint
from lwisp_export.calibration.frame_facts import FrameFacts

Kind = Literal[
    "unreadable",
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

MIN_FRAMES = 8
BRIGHT_SHARE = 0.01
"""A frame with this much clipped white shows how far activations reach."""
SHADOW_SHARE = 0.05
COLORED_SHARE = 0.005
ISO_FACTOR = 4.0
"""Largest over smallest ISO: two stops."""
LIGHT_FACTOR = 1.3
"""Largest over smallest ratio of red and blue gain: daylight and cloudy sky alone give less."""
SAME_FRAME = 0.006
"""Mean difference of thumbnails, of prepared values in [0, 1], below which two frames are one scene: a burst's."""
MAX_GROWTH = 0.03
"""Mean growth of the ranges over the last quarter of the frames that still counts as none."""


@dataclass(frozen=True)
class Examined:
    """A readable frame as the doctor sees it."""

    name: str
    sha256: str
    facts: FrameFacts
    thumbnail: NDArray[np.float32]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and what to do."""

    kind: Kind
    message: str


def diagnose(
    frames: Sequence[Examined],
    evaluation: Sequence[Examined],
    unreadable: Sequence[str],
    convergence: Sequence[ConvergencePoint],
) -> tuple[Finding, ...]:
    """Everything that is wrong with a set; empty: nothing.

    evaluation: the frames that int8 will be judged on. unreadable: one message per file that isn't in the set.
    """
    found = [Finding("unreadable", f"left out: {message}") for message in unreadable]
    return (
        *found,
        *_coverage([frame.facts for frame in frames]),
        *_duplicates(frames),
        *_overlap(frames, evaluation),
        *_convergence(convergence),
    )


def _coverage(facts: Sequence[FrameFacts]) -> Iterator[Finding]:
    if len(facts) < MIN_FRAMES:
        yield Finding("few frames", f"{len(facts)} frames; give {MIN_FRAMES} or more, of different scenes.")
    if not any(found.clipped_share >= BRIGHT_SHARE for found in facts):
        most = max((found.clipped_share for found in facts), default=0)
        yield Finding(
            "no bright frames",
            f"no frame has {BRIGHT_SHARE:.0%} of clipped white (the most is {most:.2%}); without some, bright pictures "
            "clip in INT8. Add frames with sky, lamps or over-exposure.",
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
        known = f"ISO {min(isos):g} to {max(isos):g}" if isos else "no frame says its ISO"
        yield Finding("one ISO", f"{known}; noise changes ranges. Add frames {ISO_FACTOR:g} times as noisy.")
    ratios = [found.red_over_blue for found in facts]
    if not ratios or max(ratios) < LIGHT_FACTOR * min(ratios):
        yield Finding("one light", "all frames have about one white balance. Add other light: lamps, shade, daylight.")


def _duplicates(frames: Sequence[Examined]) -> Iterator[Finding]:
    for number, frame in enumerate(frames):
        for other in frames[:number]:
            how = _same(frame, other)
            if how:
                yield Finding("duplicates", f"{frame.name} and {other.name} are {how}; one of them adds nothing.")
                break


def _overlap(frames: Sequence[Examined], evaluation: Sequence[Examined]) -> Iterator[Finding]:
    for frame in frames:
        for other in evaluation:
            how = _same(frame, other)
            if how:
                yield Finding(
                    "overlap",
                    f"{frame.name} and {other.name} of the evaluation set are {how}; drift would be judged on what "
                    "INT8 was fitted to. Leave it out of one of them.",
                )


def _same(frame: Examined, other: Examined) -> str | None:
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
