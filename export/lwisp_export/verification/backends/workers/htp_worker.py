"""An ONNX that wraps a compiled graph, in ONNX Runtime's Qualcomm provider: on x86-64, the Hexagon emulator.

In its own environment. Usage: python htp_worker.py WRAPPED.onnx JOB.
"""

import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from job_folder import answer, read_inputs, read_job, write_outputs

_PROVIDER = "QNNExecutionProvider"


def main(wrapped: str, folder: str) -> None:
    """Run once; no operator may fall back to the CPU."""
    import onnxruntime  # noqa: PLC0415
    import onnxruntime_qnn  # noqa: PLC0415

    onnxruntime.register_execution_provider_library(_PROVIDER, onnxruntime_qnn.get_library_path())
    devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == _PROVIDER]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    backend = Path(onnxruntime_qnn.LIB_DIR_FULL_PATH) / "libQnnHtp.so"
    options.add_provider_for_devices(devices, {"backend_path": str(backend)})
    session = onnxruntime.InferenceSession(wrapped, sess_options=options)
    job = read_job(folder)
    given = read_inputs(folder, job)
    places = {f"input_{place}": given[each["name"]] for place, each in enumerate(job["inputs"])}
    outputs = session.run(None, places)
    write_outputs(folder, job, {each["name"]: values for each, values in zip(job["outputs"], outputs)})
    versions = f"onnxruntime-qnn {version('onnxruntime-qnn')}, ONNX Runtime {version('onnxruntime')}"
    answer(folder, versions=versions)


if __name__ == "__main__":
    main(*sys.argv[1:])
