"""A model in LiteRT's CompiledModel, on an accelerator. Usage: python litert_worker.py gpu|npu KEY=VALUE... JOB."""

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np

from lwisp_mobile.engine.delegates import CompiledRunner, compile_model
from lwisp_mobile.engine.interpreter import Target, load, runner
from lwisp_mobile.errors import DelegateError

sys.path.insert(0, str(Path(__file__).parent))
from job_folder import answer, read_inputs, read_job, write_outputs

_TRIES = 4


def main(accelerator: str, *arguments: str) -> None:
    """Compile, run once, write the outputs; a refusal's reasons are in the log."""
    *options, folder = arguments
    job, versions = read_job(folder), f"LiteRT {version('ai-edge-litert')}"
    model = (Path(folder) / job["model"]).read_bytes()
    pairs = [(key, value) for key, _, value in (option.partition("=") for option in options)]

    def run() -> dict[str, np.ndarray]:
        compiled = compile_model(model, accelerator, pairs)
        described = runner(load(model, 1, Target()), job["signature"])
        return CompiledRunner(compiled, job["signature"], described)(**read_inputs(folder, job))

    try:
        outputs = _first_run(run)
    except DelegateError as error:
        answer(folder, refused=str(error), versions=versions)
    except RuntimeError as error:
        failed = f"took the model, but its run failed ({' '.join(str(error).split())})"
        answer(folder, refused=failed, versions=versions)
    else:
        write_outputs(folder, job, outputs)
        answer(folder, versions=versions)


def _first_run(run: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Run once. A software device compiles its programs in the first run, and LiteRT waits only so long for a result.

    The device keeps what it compiled; the failed model keeps its buffers locked, so each try has a new one.
    """
    for _ in range(_TRIES - 1):
        with suppress(RuntimeError):
            return run()
    return run()


if __name__ == "__main__":
    main(*sys.argv[1:])
