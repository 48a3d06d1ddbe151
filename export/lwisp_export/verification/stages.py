"""The stages of the chain from the checkpoint to INT8, each as a model that runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lwisp_export.drift.stage_drift import Picture, Run
from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.engine.session import Session


@dataclass(frozen=True)
class Stage:
    """A model of the chain and how to run it on packed planes."""

    name: str
    run: Run


def chain_stages(onnx: Path, float32: Path, float32_contract: ModelContract, bundle: Bundle) -> tuple[Stage, ...]:
    """Every stage of an export, in the order of the chain."""
    return Stage("onnx", onnx_run(onnx)), _stage(float32.read_bytes(), float32_contract), *bundle_stages(bundle)


def bundle_stages(bundle: Bundle) -> Sequence[Stage]:
    """A bundle's models, float before int8."""
    models = sorted(bundle.models, key=lambda model: model.contract.precision)
    return [_stage(bundle.read(model.contract.precision), model.contract) for model in models]


def onnx_run(path: Path) -> Run:
    """A student's ONNX in ONNX Runtime on the CPU."""
    import onnxruntime  # noqa: PLC0415 (slow to load, and only this stage needs it)

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def run(packed: NDArray[np.float32]) -> Picture:
        (output,) = session.run(["rgb"], {"packed": np.ascontiguousarray(packed.transpose(2, 0, 1))[None]})
        return np.ascontiguousarray(np.asarray(output)[0].transpose(1, 2, 0))

    return run


def _stage(model: bytes, contract: ModelContract) -> Stage:
    return Stage(contract.precision, Session(model, contract).run)
