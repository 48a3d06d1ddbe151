"""Jobs on a real cluster: a scheduler and two workers, each a process of its own, one of them killed in the middle."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_mobile.batch.dask_cluster import develop_on_cluster
from lwisp_mobile.batch.jobs import Job, Settings
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.developer import DevelopOptions

SIDECAR = 'size = [640, 480]\ncfa = "GRBG"\nbits = 8\nblack = 12\nwhite_balance = [1.8, 1.0, 1.6]\n'
FILES = 24


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address and its two workers."""

    address: str
    workers: tuple["subprocess.Popen[bytes]", ...]


@contextmanager
def started(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    flags = ("--no-dashboard", "--local-directory", str(tmp_path / "scratch"), "--nthreads", "1", "--no-nanny")
    with ExitStack() as stack:
        stack.enter_context(started("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"))
        workers = [stack.enter_context(started("dask_worker", address, "--name", name, *flags)) for name in "ab"]
        yield Cluster(address, tuple(workers))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Frames of which no two are alike, and one that can't be read."""
    paths = []
    for index in range(FILES):
        path = tmp_path / f"{index:02}.raw"
        np.random.default_rng(index).integers(12, 255, (480, 640), dtype=np.uint8).tofile(path)
        (tmp_path / f"{index:02}.raw.toml").write_text(SIDECAR)
        paths.append(path)
    paths[5].write_bytes(b"too short")
    return paths


def wait_until(reached: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 60
    while not reached():
        if time.monotonic() > end or process.poll() is not None:
            raise TimeoutError(process.communicate()[1])
        time.sleep(0.002)


@pytest.mark.slow
def test_a_worker_is_killed_and_nothing_is_lost_or_twice(cluster: Cluster, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-m", "lwisp_mobile", "develop", *map(str, files), "-o", str(tmp_path / "out")]
    command += ["--dask", cluster.address, "--json", "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        wait_until(lambda: len(list((tmp_path / "out").glob("*.png"))) >= 4, process)
        before = len(list((tmp_path / "out").glob("*.png")))
        cluster.workers[0].send_signal(signal.SIGKILL)
        printed, errors = process.communicate(timeout=120)
    assert before < FILES - 6, "the cluster was done before the worker was killed"
    assert process.returncode == 2, errors
    result = json.loads(printed)
    sources = [str(path) for path in files]
    assert [entry["source"] for entry in result["developed"]] == sources[:5] + sources[6:]
    assert [entry["source"] for entry in result["failed"]] == sources[5:6]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{path.stem}.png" for path in (*files[:5], *files[6:])
    }
    assert cluster.workers[1].poll() is None
    assert_as_developed_here(files[-1], tmp_path)


def assert_as_developed_here(source: Path, folder: Path) -> None:
    assert main(["develop", str(source), "-o", str(folder / "here.png"), "--threads", "1"]) == 0
    with Image.open(folder / "here.png") as here, Image.open(folder / "out" / f"{source.stem}.png") as there:
        assert np.array_equal(np.asarray(here), np.asarray(there))


def test_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(shipped_bundle(), "int8", 1, DevelopOptions(), sandbox=False)
    jobs = [Job(tmp_path / "a.dng", tmp_path / "a.png")]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(UsageError, match=f"No Dask scheduler answers at {address}"):
            next(develop_on_cluster(jobs, settings, address, connect_s=0.5))
    assert main(["develop", str(tmp_path / "a.dng"), "--dask", "what://nowhere"]) == 2
    assert "what://nowhere" in capsys.readouterr().err
