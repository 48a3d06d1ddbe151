"""Models run in a process of their own."""

import sys

import numpy as np

from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.engine.isolated_run import InputSet, run_isolated


def test_each_set_of_inputs_has_its_own_outcome() -> None:
    model = shipped_bundle("lwisp-lite").read("int8")
    small, wrong = (np.zeros((1, side, side, 4), np.int8) for side in (32, 33))
    good, bad, kept = run_isolated(
        model, [InputSet((small,)), InputSet((wrong,)), InputSet((small,), keep_tensors=True)]
    )
    assert (good.failure, [found.shape for found in good.outputs]) == (None, [(1, 64, 64, 3)])
    assert bad.outputs == ()
    assert bad.failure
    np.testing.assert_array_equal(kept.tensors["rgb"], good.outputs[0])


def test_a_process_that_dies_or_hangs_is_told() -> None:
    given = [InputSet((np.zeros((1, 16, 16, 4), np.int8),))]
    dies = (sys.executable, "-c", "import os; os.abort()")
    hangs = (sys.executable, "-c", "import time; time.sleep(60)")
    assert run_isolated(b"", given, worker=dies)[0].failure == "the process was ended by SIGABRT"
    assert run_isolated(b"", given, worker=hangs, timeout_s=0.5)[0].failure == "the process took more than 0.5 s"
    assert "exit status 1" in str(run_isolated(b"", given, worker=(sys.executable, "-c", "1/0"))[0].failure)
