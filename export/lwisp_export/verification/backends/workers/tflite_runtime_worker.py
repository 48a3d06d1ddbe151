"""A model in tflite-runtime, in its own environment. Usage: python tflite_runtime_worker.py JOB."""

import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from job_folder import answer, read_inputs, read_job, write_outputs


def main(folder: str) -> None:
    """Run once on the CPU."""
    from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415

    job, versions = read_job(folder), f"tflite-runtime {version('tflite-runtime')}"
    try:
        interpreter = Interpreter(model_path=str(Path(folder) / job["model"]), num_threads=1)
        outputs = interpreter.get_signature_runner(job["signature"])(**read_inputs(folder, job))
    except (RuntimeError, ValueError) as error:
        answer(folder, refused=" ".join(str(error).split()), versions=versions)
        return
    write_outputs(folder, job, outputs)
    nodes = [node["op_name"] for node in interpreter._get_ops_details()]
    operators = len(nodes) - nodes.count("DELEGATE")
    answer(folder, versions=versions, taken=operators, operators=operators, note="built-in kernels and XNNPACK")


if __name__ == "__main__":
    main(*sys.argv[1:])
