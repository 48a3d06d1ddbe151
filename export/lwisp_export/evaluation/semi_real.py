"""The semi-real benchmark: scenes of real lenses and sensors as mosaics with known noise, by every method.

The truth is the scene itself with the true white balance, matrix and tone. It keeps a little of its own camera's noise,
which a method that denoises is wrong to remove here: the smaller, the lower the file's ISO.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.evaluation.band_amplitude import (
    BANDS,
    BandAmplitude,
    Corner,
    band_amplitudes,
    textured_windows,
)
from lwisp_export.evaluation.classical import PIPELINES, finish
from lwisp_export.evaluation.method_scores import Method, open_methods
from lwisp_export.evaluation.scenes import Scene, read_scene
from lwisp_export.synthesis.mosaic import quantise, sample_cfa
from lwisp_export.synthesis.noise import add_noise, typical_noise
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.metrics import delta_e_2000, ssim
from lwisp_mobile.progress import Progress
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import CaptureInfo, RawImage

SEMI_REAL_ISOS = (1, 100, 800, 3200)
BITS = 14
"""So many that rounding is far below the noise of every ISO but 1."""

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Truth:
    """What a scene's picture should be, and where it's scored."""

    file: str
    rgb: F32
    """(H, W, 3) in [0, 1]."""
    counted: NDArray[np.bool_]
    """(H, W)."""
    windows: tuple[Corner, ...]
    """Where amplitudes are taken."""


@dataclass(frozen=True)
class SemiRealScore:
    """One method on one scene at one ISO, where no sample of the scene is clipped."""

    file: str
    iso: int
    method: str
    psnr_db: float | None
    """None where the picture equals the truth."""
    ssim: float
    """Over the whole picture, clipped pixels replaced by the truth's."""
    delta_e: float
    bands: tuple[BandAmplitude, ...]
    """Empty if the scene has no textured window."""
    textured_windows: int


def evaluate_raws(
    bundles: Sequence[Bundle],
    paths: Sequence[Path],
    hints: RawHints,
    rendered: RenderedTone,
    progress: Progress,
    *,
    threads: int = 2,
) -> tuple[SemiRealScore, ...]:
    """Score bundles' models and the classical pipelines without denoising on files that `read_scene` reads.

    rendered: the tone of all pictures and truths. progress: is given each file's name with each ISO. Raises as
    `read_scene` does.
    """
    classical = [Method(one.name, partial(one.develop, rendered=rendered)) for one in PIPELINES if not one.denoised]
    scores: list[SemiRealScore] = []
    with open_methods(bundles, rendered, threads) as ours:
        for path in paths:
            scores += score_scene(read_scene(path, hints), [*ours, *classical], rendered, progress)
    return tuple(scores)


def score_scene(
    scene: Scene, methods: Sequence[Method], rendered: RenderedTone, progress: Progress
) -> list[SemiRealScore]:
    """Score methods on one scene at each of SEMI_REAL_ISOS. rendered: the tone of the methods' pictures."""
    truth = truth_of(scene, rendered)
    scores = []
    for iso in SEMI_REAL_ISOS:
        progress(f"{scene.name}, ISO {iso}")
        raw = photograph_scene(scene, iso)
        scores += [score(truth, iso, method.name, method.develop(raw)) for method in methods]
    return scores


def truth_of(scene: Scene, rendered: RenderedTone) -> Truth:
    """The scene itself, finished: white-balanced, clipped at white, colour and tone."""
    balanced = np.minimum(scene.light * np.array(scene.color.gains, np.float32), np.float32(1))
    rgb = finish(balanced, scene.color.to_srgb, rendered)
    return Truth(scene.name, rgb, scene.counted, textured_windows(rgb, scene.counted))


def photograph_scene(scene: Scene, iso: int) -> RawImage:
    """The scene as an RGGB mosaic with a middling phone's noise; always the same at one ISO."""
    level = typical_noise(iso)
    noisy = add_noise(sample_cfa(scene.light, "RGGB"), level, np.random.default_rng(iso))
    mosaic, black, white = quantise(noisy, BITS)
    return RawImage(
        mosaic=mosaic,
        cfa="RGGB",
        black_level=(black,) * 4,
        white_level=white,
        wb_gains=scene.color.gains,
        camera_to_srgb=scene.color.to_srgb,
        info=CaptureInfo(iso=iso),
        noise_profile=level.profile(),
    )


def score(truth: Truth, iso: int, method: str, picture: F32) -> SemiRealScore:
    """Compare a picture, (H, W, 3) in [0, 1], with the truth."""
    found, true = picture[truth.counted], truth.rgb[truth.counted]
    mse = float(np.mean((found.astype(np.float64) - true) ** 2))
    return SemiRealScore(
        file=truth.file,
        iso=iso,
        method=method,
        psnr_db=float(-10 * np.log10(mse)) if mse else None,
        ssim=ssim(np.where(truth.counted[..., None], picture, truth.rgb), truth.rgb),
        delta_e=float(delta_e_2000(found, true).mean()),
        bands=band_amplitudes(picture, truth.rgb, truth.windows),
        textured_windows=len(truth.windows),
    )


def semi_real_table(scores: Sequence[SemiRealScore]) -> list[str]:
    """Means over the files, by ISO and method; then what was counted of each file."""
    bands = "".join(f"{f'{low:g}-{high:g}':>16}" for low, high in BANDS)
    lines = [
        f"{'':<61}amplitude kept, its coherent part",
        f"{'':<38}{'PSNR':>7}{'SSIM':>8}{'dE':>8}{bands} cycles/px",
    ]
    for iso in dict.fromkeys(score.iso for score in scores):
        for method in dict.fromkeys(score.method for score in scores):
            lines.append(_line([score for score in scores if (score.iso, score.method) == (iso, method)]))
    counts = {score.file: score.textured_windows for score in scores}
    return [*lines, *(f"{file}: {count} textured windows" for file, count in counts.items())]


def _line(scores: Sequence[SemiRealScore]) -> str:
    psnr = np.mean([np.inf if score.psnr_db is None else score.psnr_db for score in scores])
    similarity, delta_e = (np.mean([getattr(score, name) for score in scores]) for name in ("ssim", "delta_e"))
    textured = [score.bands for score in scores if score.bands]
    cells = [
        f"{np.mean([band.amplitude for band in bands]):>10.2f}{np.mean([band.coherent for band in bands]):6.2f}"
        for bands in zip(*textured)
    ]
    label = f"ISO {scores[0].iso}, {scores[0].method}"
    return f"{label:<38}{psnr:7.2f}{similarity:8.4f}{delta_e:8.2f}" + ("".join(cells) or f"{'-':>16}" * len(BANDS))
