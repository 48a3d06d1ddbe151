"""Ours beside the peers': drift of each quantiser's INT8 from the same float student, and one file in two runtimes."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.conversion.onnx_to_tflite import convert_onnx
from lwisp_export.conversion.torch_to_onnx import export_onnx
from lwisp_export.peers.onnxruntime_int8 import quantize_onnx
from lwisp_export.peers.tools import quantize_by_tensorflow, run_in_tflite_runtime
from lwisp_export.quantization.model_runner import open_model
from lwisp_export.quantization.quantizer import quantize_int8
from lwisp_export.quantization.recipe import find_quantization
from lwisp_export.student.reference import Reference
from lwisp_export.synthesis.builtin_frames import MadeFrame, calibration_frames, evaluation_frames
from lwisp_export.synthesis.tiles import TILE_PX, NamedRaw, Tile, cut_tiles
from lwisp_export.verification.verify import Budget, ImageDrift, Run, StageDrift, onnx_stage, summarise
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import InputContract
from lwisp_mobile.engine.quantization import quantize
from lwisp_mobile.engine.session import Session
from lwisp_mobile.metrics import compare

PLAIN = find_quantization("plain")
LIKE_FOR_LIKE = replace(
    PLAIN,
    name="plain, as the peers do it",
    model=replace(PLAIN.model, equalize=False),
    activations=replace(PLAIN.activations, clip_logits=False),
)
"""Extremes as ranges, also of logits; weights to the nearest code, channels as they are."""


@dataclass(frozen=True)
class Quantiser:
    """One quantiser's INT8 of the float student."""

    name: str
    runtime: str
    bytes: int
    drift: StageDrift
    """From the float checkpoint in torch."""


@dataclass(frozen=True)
class Runtimes:
    """The shipped INT8 in LiteRT and in tflite-runtime, on the same tiles."""

    differing: float
    """Share of the output's codes that differ, in [0, 1]."""
    largest: int
    """Largest difference, in codes."""
    psnr_db: float | None
    """Of one picture against the other; None: equal."""


@dataclass(frozen=True)
class Peers:
    """Everything `lwisp peers` prints."""

    quantisers: tuple[Quantiser, ...]
    runtimes: Runtimes


@dataclass(frozen=True)
class _Candidate:
    name: str
    runtime: str
    bytes: int
    run: Run


def compare_peers(bundle: Bundle, checkpoint: Path, step: Callable[[str], None]) -> Peers:
    """Quantise a checkpoint by every peer on the made calibration tiles; judge on the made evaluation tiles.

    `step` is told each part. Raises ConversionError if a peer fails or its environment can't be made.
    """
    reference = Reference(checkpoint)
    contract = reference.info.input
    tiles = _tiles(evaluation_frames(), contract)
    truths = [reference.run(tile.packed) for tile in tiles]
    calibration = [tile.packed for tile in _tiles(calibration_frames(), contract)]
    quantisers = []
    for found in _candidates(bundle, reference, calibration, step):
        images = tuple(
            ImageDrift(tile.name, compare(found.run(tile.packed), truth)) for tile, truth in zip(tiles, truths)
        )
        quantisers.append(Quantiser(found.name, found.runtime, found.bytes, summarise("int8", images, Budget())))
    step("tflite-runtime on the bundle's INT8")
    return Peers(tuple(quantisers), compare_runtimes(bundle, tiles, step))


def compare_runtimes(bundle: Bundle, tiles: Sequence[Tile], report: Callable[[str], None]) -> Runtimes:
    """A bundle's INT8 in LiteRT and in tflite-runtime. Errors as for `compare_peers`."""
    model = bundle.model("int8")
    session = Session(bundle.read("int8"), model.contract)
    inputs = np.stack([quantize(tile.packed, model.contract.input_tensor) for tile in tiles])
    theirs = run_in_tflite_runtime(bundle.read("int8"), inputs, report).astype(np.int64)
    ours = quantize(np.stack([session.run(tile.packed) for tile in tiles]), model.contract.output_tensor).astype(
        np.int64
    )
    differences = np.abs(ours - theirs)
    mse = float(np.mean((differences / 256) ** 2))
    psnr_db = float(-10 * np.log10(mse)) if mse else None
    return Runtimes(float(np.mean(differences > 0)), int(differences.max()), psnr_db)


def table(peers: Peers) -> Iterator[str]:
    """The rows as text."""
    yield f"{'INT8 by':<34} {'run by':<14} {'median PSNR':>11} {'worst PSNR':>11} {'dE mean':>8} {'bytes':>9}"
    for found in peers.quantisers:
        median, worst = (
            "equal" if db is None else f"{db:.2f} dB" for db in (found.drift.median_psnr_db, found.drift.worst_psnr_db)
        )
        yield (
            f"{found.name:<34} {found.runtime:<14} {median:>11} {worst:>11} {found.drift.delta_e_mean:>8.3f} "
            f"{found.bytes:>9}"
        )
    both = peers.runtimes
    near = "equal" if both.psnr_db is None else f"{both.psnr_db:.2f} dB of each other"
    yield (
        f"the bundle's INT8 in tflite-runtime and LiteRT: {both.differing:.2%} of the codes differ, "
        f"by {both.largest} at most; pictures {near}"
    )


def _candidates(
    bundle: Bundle, reference: Reference, calibration: Sequence[NDArray[np.float32]], step: Callable[[str], None]
) -> Iterator[_Candidate]:
    with tempfile.TemporaryDirectory(prefix="lwisp-peers-") as folder:
        onnx = Path(folder) / "student.onnx"
        export_onnx(reference.student, onnx, TILE_PX)
        float_model = convert_onnx(onnx, step)
        step("the bundle's INT8")
        session = Session(bundle.read("int8"), bundle.model("int8").contract)
        yield _Candidate("lwisp, as shipped", "LiteRT", bundle.model("int8").bytes, session.run)
        for recipe in (PLAIN, LIKE_FOR_LIKE):
            step(f"lwisp, {recipe.name}")
            yield _tflite(f"lwisp, {recipe.name}", quantize_int8(float_model, calibration, recipe))
        step("TensorFlow's reference quantiser")
        yield _tflite("TensorFlow's reference quantiser", quantize_by_tensorflow(float_model, calibration, step))
        step("ONNX Runtime's static quantisation")
        onnx.write_bytes(quantize_onnx(onnx, calibration))
        size = onnx.stat().st_size
        yield _Candidate("ONNX Runtime's static quantisation", "ONNX Runtime", size, onnx_stage(onnx).run)


def _tflite(name: str, model: bytes) -> _Candidate:
    return _Candidate(name, "LiteRT", len(model), open_model(model))


def _tiles(frames: Sequence[MadeFrame], contract: InputContract) -> tuple[Tile, ...]:
    return cut_tiles([NamedRaw(frame.name, frame.raw) for frame in frames], contract, TILE_PX)
