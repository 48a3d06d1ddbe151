"""Damaged models in separate processes: crashes and hangs there are counted here."""

from pathlib import Path

import numpy as np
import pytest

from lwisp_bench.studies.mutation import (
    REFUSED,
    STOPPED,
    MutationOptions,
    mutate,
    run_mutations,
    structure_places,
    try_model,
)
from lwisp_mobile.batch.worker_process import ProcessDiedError, WorkerProcess
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import ModelError
from lwisp_mobile.progress import silent
from lwisp_mobile.tflite.flatbuffer import read_root
from lwisp_mobile.tflite.verifier import CONV_2D, SCHEMA


@pytest.fixture(scope="module")
def model() -> bytes:
    return shipped_bundle().read("int8")


def test_the_graph_is_found_beside_the_weights(model: bytes) -> None:
    places = structure_places(model)
    assert 0.01 < len(places) / len(model) < 0.3
    assert {0, 4, 7} <= set(places.tolist())


def test_damage_is_repeatable_and_is_damage(model: bytes) -> None:
    places = structure_places(model)
    first, again = (mutate(model, places, np.random.default_rng(7)) for _ in range(2))
    assert first == again != model


def test_every_copy_is_counted(model: bytes, tmp_path: Path) -> None:
    steps = []
    options = MutationOptions(runs=40, seed=3, keep=tmp_path / "kept")
    report = run_mutations(model, options, steps.append)
    assert sum(report.outcomes.values()) == len(steps) == 40
    assert report.outcomes[REFUSED] > 5
    assert report.lost == 0
    assert not options.keep.exists()


def test_a_convolution_without_weights(model: bytes) -> None:
    """Passes LiteRT's own verifier and crashes LiteRT 2.3; no release of it may crash this process.

    Both attempts are made in a worker: `try_model` caps its own process's memory for good.
    """
    root = read_root(model, SCHEMA, "Model")
    codes = [max(code.get(0, 0), code.get(3, 0)) for code in root[1]]
    inputs = next(operator[1] for operator in root[2][0][3] if codes[operator.get(0, 0)] == CONV_2D)
    start = np.frombuffer(model, np.uint8).__array_interface__["data"][0]
    place = inputs.__array_interface__["data"][0] - start + 4
    damaged = model[:place] + b"\xff\xff\xff\xff" + model[place + 4 :]
    with WorkerProcess(try_model) as worker:
        assert worker.call(60, damaged, True) == REFUSED
        try:
            found = worker.call(60, damaged, False)
        except ProcessDiedError as error:
            found = str(error)
    assert found in ("SIGSEGV", "SIGABRT", STOPPED)


def test_a_model_that_does_not_run(model: bytes) -> None:
    with pytest.raises(ModelError, match=r"undamaged model doesn't run \(refused by the engine\)"):
        run_mutations(model[:-1000], MutationOptions(runs=1), silent)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mutate", "--runs", "5", "--seed", "1"]) == 0
    assert "0 of 5 crashed their process or timed out" in capsys.readouterr().out
