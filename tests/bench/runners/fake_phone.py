#!/usr/bin/env python3
"""Android's am, content, pidof and pm, as far as the app's runner asks them; the app is this Python.

LWISP_FAKE_PHONE names a folder: `installed` is there while the app is, `mode` says how it behaves.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

HOME = Path(os.environ["LWISP_FAKE_PHONE"])
JOBS, INSTALLED, ALIVE = HOME / "jobs", HOME / "installed", HOME / "alive"


def pm(words: list[str]) -> int:
    if words[0] == "path":
        return 0 if INSTALLED.exists() else 1
    assert words[:3] == ["install", "-r", "-t"]
    if not Path(words[3]).read_bytes().startswith(b"PK"):
        sys.stderr.write("Failure [INSTALL_PARSE_FAILED_NOT_APK]\n")
        return 1
    INSTALLED.touch()
    sys.stdout.write("Success\n")
    return 0


def content(words: list[str]) -> int:
    verb, uri = words[0], words[words.index("--uri") + 1]
    job, name = uri.removeprefix("content://org.lwisp.demo.bench/").split("/")
    path = JOBS / job / name
    if verb == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sys.stdin.buffer.read())
    elif verb == "delete":
        shutil.rmtree(path.parent)
    elif path.exists():
        sys.stdout.buffer.write(path.read_bytes())
    else:
        # As Android's: an error in words, and status 0.
        sys.stderr.write(f"Error while accessing provider:org.lwisp.demo.bench\njava.io.FileNotFoundException: {uri}\n")
    return 0


def am(words: list[str]) -> int:
    assert words[:4] == ["start", "-W", "-n", "org.lwisp.demo/.bench.BenchActivity"]
    ALIVE.touch()
    with (HOME / "log").open("w") as log:
        command = [sys.executable, __file__, "app", words[words.index("job") + 1]]
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    sys.stdout.write("Status: ok\n")
    return 0


def app(job_id: str) -> None:
    """What the app does with a job, by the Python runtime."""
    mode = (HOME / "mode").read_text()
    folder = JOBS / job_id
    job = json.loads((folder / "job.json").read_text())
    if mode == "crash":
        ALIVE.unlink()
        return
    head = {"format": "lwisp-app-job-result", "format_version": 1, "id": job_id}
    if mode == "refuse":
        write(folder / "result.json", json.dumps({**head, "error": "No such model. Build the app again."}).encode())
        return
    runs = job["limits"]["min_runs"]
    for index in range(job["images"]):
        write(folder / f"output.{index}", picture(job, (folder / f"input.{index}").read_bytes()))
    result = {
        **head,
        "error": None,
        "backend": "CPU, 2 threads (no GPU: none)" if mode == "fallback" else job["accelerator"].upper(),
        "prepare_ms": 3.5,
        "first_ms": 2.5,
        "warm_up_ms": [2.0, 2.0],
        "settled": True,
        "wall_ms": [2.0 + index / 100 for index in range(runs)],
        "input_ms": [0.1] * runs,
        "output_ms": [0.2] * runs,
        "start_s": [index / 100 for index in range(runs)],
        "device": {"litert": "2.3.0", "model": "Phone"},
        "pss_bytes": 123_456_789,
        "thermal_before": "none",
        "thermal_after": None,
    }
    write(folder / "result.json", json.dumps(result).encode())


def picture(job: dict[str, object], planes: bytes) -> bytes:
    from lwisp_mobile.bundle.bundle import shipped_bundle  # noqa: PLC0415  the other programs start faster
    from lwisp_mobile.engine.session import Session  # noqa: PLC0415

    precision = next(m.contract.precision for m in shipped_bundle().models if m.sha256 == job["model_sha256"])
    shape = (1, job["height_px"], job["width_px"], 4)
    with Session.from_bundle(shipped_bundle(), precision=precision) as session:
        contract = session.contract
        values = np.frombuffer(planes, contract.input_tensor.dtype).reshape(shape)
        with session.pool.open(contract.whole.name, 1) as (signature,):
            rgb = signature.run({contract.input_tensor.name: values})[contract.output_tensor.name]
    return rgb.tobytes()


def write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.rename(path)


if __name__ == "__main__":
    called = Path(sys.argv[0]).name
    if sys.argv[1:2] == ["app"]:
        app(sys.argv[2])
    elif called == "pidof":
        sys.exit(0 if ALIVE.exists() else 1)
    else:
        sys.exit({"pm": pm, "content": content, "am": am}[called](sys.argv[1:]))
