"""What the pre-processing of a frame costs on one core, and what each of its stages adds."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lwisp_mobile.contract import MOSAIC_PLANES, NOISE_PLANE, InputContract, TensorSpec
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.preprocess.exposure import auto_ev
from lwisp_mobile.preprocess.noise_estimate import estimate_noise
from lwisp_mobile.preprocess.prepare import Preparation
from lwisp_mobile.raw.corrections import BadPixels, GainMap, NoiseProfile
from lwisp_mobile.raw.image import RawImage

CAMERA = ((1.70, -0.50, -0.20), (-0.30, 1.65, -0.35), (0.02, -0.55, 1.53))
REFERENCE = ((1.81, -0.55, -0.26), (-0.41, 1.91, -0.5), (-0.04, -0.66, 1.7))
EXPOSURE_KNEE = 0.5
INPUT = TensorSpec("packed", "int8", 1 / 255, -128, channels=5, resolution=1)
"""Planes are quantized as they are for an INT8 model: that's part of the cost."""
MAP_ROWS, MAP_COLUMNS, CORNER_GAIN = 13, 17, 2.5
BAD_PIXELS = 200


@dataclass(frozen=True)
class Step:
    """Some stages of the pre-processing, measured."""

    name: str
    samples_ms: tuple[float, ...]
    """Processor time of one thread."""

    @property
    def median_ms(self) -> float:
        """Median of the samples."""
        return float(np.median(self.samples_ms))


@dataclass(frozen=True)
class PreprocessReport:
    """The cost of a frame's pre-processing."""

    width_px: int
    height_px: int
    cumulative: tuple[Step, ...]
    """Each with one stage more than the one before; the last has all."""
    once: tuple[Step, ...]
    """What is computed once per frame, where the file or the user doesn't say it."""
    clock: str = "cpu"


def measure_preprocess(height_px: int, width_px: int, turns: int) -> PreprocessReport:
    """Prepare a made frame again and again, stage by stage in turns, so that changes of the clock meet all of them."""
    raw = made_frame(height_px, width_px)
    prepared = {
        name: partial(_prepare, frame, contract, np.empty(_shape(raw, contract), np.int8))
        for name, (frame, contract) in stages(raw)
    }
    found: dict[str, Callable[[], object]] = {
        "noise estimate": partial(estimate_noise, raw),
        "auto exposure": partial(auto_ev, raw, InputContract()),
    }
    return PreprocessReport(width_px, height_px, _measure(prepared, turns), _measure(found, turns))


def _measure(acts: Mapping[str, Callable[[], object]], turns: int) -> tuple[Step, ...]:
    samples_ms: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(turns):
        for name, act in acts.items():
            start = time.process_time()
            act()
            samples_ms[name].append(1e3 * (time.process_time() - start))
    return tuple(Step(name, tuple(samples)) for name, samples in samples_ms.items())


def stages(raw: RawImage) -> Iterator[tuple[str, tuple[RawImage, InputContract]]]:
    """Frames and contracts with one stage more each."""
    contract = InputContract()
    frame = replace(raw, gain_maps=(), bad_pixels=(), baseline_exposure_ev=0.0)
    yield "levels, white balance, curve", (frame, contract)
    contract = replace(contract, reference_to_srgb=REFERENCE, color_shift="smoothed")
    yield "+ smoothed colour shift", (frame, contract)
    frame = replace(frame, bad_pixels=raw.bad_pixels)
    yield "+ bad pixels", (frame, contract)
    frame = replace(frame, gain_maps=raw.gain_maps)
    yield "+ lens shading", (frame, contract)
    contract = replace(contract, exposure_knee=EXPOSURE_KNEE)
    yield "+ exposure with shoulder", (raw, contract)
    contract = replace(contract, planes=(*MOSAIC_PLANES, NOISE_PLANE))
    yield "+ noise plane: all stages", (raw, contract)


def made_frame(height_px: int, width_px: int) -> RawImage:
    """A frame of noise with four gain maps, bad pixels, a baseline exposure and a noise profile; always the same."""
    rng = np.random.default_rng(0)
    area = (height_px, width_px, 2, 2, 0.0, 0.0, 1 / (MAP_ROWS - 1), 1 / (MAP_COLUMNS - 1))
    gains = rng.uniform(1, CORNER_GAIN, (4, MAP_ROWS, MAP_COLUMNS, 1)).astype(np.float32)
    bad = rng.integers(0, (height_px, width_px), (BAD_PIXELS, 2)).astype(np.int32)
    return RawImage(
        mosaic=rng.integers(40, 1024, (height_px, width_px)).astype(np.uint16),
        cfa="RGGB",
        black_level=(64.0,) * 4,
        white_level=1023.0,
        wb_gains=(1.93, 1.0, 1.57),
        camera_to_srgb=CAMERA,
        gain_maps=tuple(GainMap(site // 2, site % 2, *area, gains[site]) for site in range(4)),
        bad_pixels=(BadPixels(points=bad),),
        baseline_exposure_ev=1.0,
        noise_profile=NoiseProfile((1e-4,) * 3, (1e-6,) * 3),
    )


def _shape(raw: RawImage, contract: InputContract) -> tuple[int, int, int]:
    preparation = Preparation(raw, contract)
    return preparation.height_px, preparation.width_px, len(contract.planes)


def _prepare(raw: RawImage, contract: InputContract, codes: NDArray[np.int8]) -> None:
    Preparation(raw, contract).fill(codes, encode=lambda values: quantize(values, INPUT))
