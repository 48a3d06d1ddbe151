"""A model in LiteRT's CompiledModel, on an accelerator. Usage: python litert_worker.py gpu|npu KEY=VALUE... JOB."""

import sys
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
    try:
        compiled = compile_model(model, accelerator, pairs)
    except DelegateError as error:
        answer(folder, refused=str(error), versions=versions)
        return
    described = runner(load(model, 1, Target()), job["signature"])
    run = CompiledRunner(compiled, job["signature"], described)
    try:
        outputs = _first_run(run, read_inputs(folder, job))
    except RuntimeError as error:
        answer(
            folder, refused=f"took the model, but its run failed ({' '.join(str(error).split())})", versions=versions
        )
        return
    write_outputs(folder, job, outputs)
    answer(folder, versions=versions)


def _first_run(run: CompiledRunner, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run once. A software device compiles its programs in the first run, and LiteRT waits only 30 s for a result."""
    for _ in range(_TRIES - 1):
        with suppress(RuntimeError):
            return run(**inputs)
    return run(**inputs)


if __name__ == "__main__":
    main(*sys.argv[1:])
