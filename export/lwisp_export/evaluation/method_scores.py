"""Scores of every method on the same fixed mosaics, by ISO."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.evaluation.classical import PIPELINES, Pipeline
from lwisp_export.synthesis.camera import load_sensors
from lwisp_export.synthesis.validation_frames import ValidationFrame, validation_frames
from lwisp_export.training.photos import read_picture
from lwisp_export.training.training_recipe import DataRecipe
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.developer import open_all
from lwisp_mobile.metrics import compare
from lwisp_mobile.progress import Progress
from lwisp_mobile.raw.image import RawImage

Develop = Callable[[RawImage], NDArray[np.float32]]

CLEAN_ISOS = (1, 25)
"""Nearly without noise: what is wrong there is the method's own."""
LOW_ISOS = (50, 100)
HIGH_ISOS = (400, 800, 1600, 3200)
EVALUATION_ISOS = (*CLEAN_ISOS, *LOW_ISOS, *HIGH_ISOS)


@dataclass(frozen=True)
class Method:
    """A way to develop a mosaic."""

    name: str
    develop: Develop


@dataclass(frozen=True)
class Score:
    """Means over the pictures at one ISO."""

    iso: int
    psnr_db: float
    ssim: float
    delta_e: float
    pictures: int


@dataclass(frozen=True)
class MethodScores:
    """A method's scores, by ISO."""

    method: str
    scores: tuple[Score, ...]

    def mean_psnr_db(self, isos: Sequence[int]) -> float:
        """Mean over some ISOs."""
        return float(np.mean([score.psnr_db for score in self.scores if score.iso in isos]))


def evaluate(
    methods: Sequence[Method], frames: Sequence[ValidationFrame], progress: Progress
) -> tuple[MethodScores, ...]:
    """Develop every frame by every method and compare with the ground truth. progress: called with each name."""
    results = []
    for method in methods:
        progress(method.name)
        isos = sorted({frame.iso for frame in frames})
        results.append(MethodScores(method.name, tuple(_score(method, iso, frames) for iso in isos)))
    return tuple(results)


def _score(method: Method, iso: int, frames: Sequence[ValidationFrame]) -> Score:
    found = [compare(method.develop(frame.raw), frame.truth) for frame in frames if frame.iso == iso]
    return Score(
        iso,
        psnr_db=float(np.mean([np.inf if c.psnr_db is None else c.psnr_db for c in found])),
        ssim=float(np.mean([c.ssim for c in found])),
        delta_e=float(np.mean([c.delta_e_mean for c in found])),
        pictures=len(found),
    )


def rendered_tone(bundles: Sequence[Bundle]) -> RenderedTone:
    """The tone to compare bundles at: what all of them render, or neutral if they differ."""
    tones = {bundle.models[0].contract.rendered_tone for bundle in bundles}
    return tones.pop() if len(tones) == 1 else "neutral"


def evaluation_frames(
    recipe: DataRecipe, folder: Path, isos: Sequence[int], rendered: RenderedTone, *, held_out: bool
) -> tuple[ValidationFrame, ...]:
    """A recipe's validation photographs, and those it holds out, as mosaics with truths of a tone.

    folder: the data folder. Raises UsageError if data is missing.
    """
    names = (*recipe.validation, *(recipe.held_out if held_out else ()))
    pictures = [read_picture(folder / name) for name in names]
    if not pictures:
        raise UsageError("The recipe has no validation photographs; give one that has, with --recipe.")
    sensors = load_sensors(folder / recipe.sensors)
    return validation_frames(pictures, sensors, isos, rendered, recipe.photograph_tone)


@contextmanager
def open_methods(bundles: Sequence[Bundle], rendered: RenderedTone, threads: int) -> Iterator[list[Method]]:
    """Bundles' models as methods whose pictures have a tone. Raises as `Developer`."""
    with ExitStack() as stack:
        yield [
            Method(f"{bundle.name} {precision}", partial(developer.develop, tone=rendered))
            for bundle in bundles
            for precision, developer in sorted(stack.enter_context(open_all(bundle, threads)).items())
        ]


def evaluate_bundles(
    bundles: Sequence[Bundle],
    frames: Sequence[ValidationFrame],
    rendered: RenderedTone,
    progress: Progress,
    *,
    threads: int = 2,
    pipelines: Sequence[Pipeline] = PIPELINES,
) -> tuple[MethodScores, ...]:
    """Score bundles' models and oracle pipelines on frames. rendered: the tone of truths, and so of all pictures."""
    with open_methods(bundles, rendered, threads) as ours:
        classical = [Method(pipeline.name, partial(pipeline.develop, rendered=rendered)) for pipeline in pipelines]
        return evaluate([*ours, *classical], frames, progress)


def table(results: Sequence[MethodScores]) -> list[str]:
    """PSNR by ISO, means over LOW_ISOS and HIGH_ISOS; SSIM and colour difference as means over all ISOs."""
    isos = [score.iso for score in results[0].scores]
    lines = [f"{'PSNR in dB at ISO':<30}" + "".join(f"{iso:>8}" for iso in isos) + "    low   high   SSIM     dE"]
    for result in results:
        cells = "".join(f"{score.psnr_db:8.2f}" for score in result.scores)
        means = f"{result.mean_psnr_db(LOW_ISOS):7.2f}{result.mean_psnr_db(HIGH_ISOS):7.2f}"
        ssim = float(np.mean([score.ssim for score in result.scores]))
        delta_e = float(np.mean([score.delta_e for score in result.scores]))
        lines.append(f"{result.method:<30}{cells}{means}{ssim:7.4f}{delta_e:7.2f}")
    return [*lines, f"means of {results[0].scores[0].pictures} pictures"]
