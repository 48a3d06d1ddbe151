"""Many files at once: failures that stay one file's, and processes that are killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lwisp_mobile.batch.jobs import Failed, Settings, plan_jobs
from lwisp_mobile.batch.process_pool import develop_in_pool
from lwisp_mobile.batch.sources import Source
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import main
from lwisp_mobile.frame.developer import Developed, DevelopOptions

SIDECAR = 'cfa = "GRBG"\nbits = 8\nblack = 12\nwhite_balance = [1.8, 1.0, 1.6]\n'


def write_frame(folder: Path, name: str, width_px: int = 64, height_px: int = 48) -> Path:
    samples = np.random.default_rng(len(name)).integers(12, 255, (height_px, width_px), dtype=np.uint8)
    samples.tofile(folder / name)
    (folder / f"{name}.toml").write_text(f"size = [{width_px}, {height_px}]\n{SIDECAR}")
    return folder / name


def write_large(folder: Path) -> Path:
    """4 megapixels: takes about a second."""
    return write_frame(folder, "large.raw", 2592, 1536)


@pytest.fixture
def settings() -> Settings:
    return Settings(shipped_bundle(), "int8", 1, DevelopOptions(), sandbox=False)


class TestThePool:
    def test_one_failure_is_one_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("a.raw", "d.raw", "e.raw"):
            write_frame(tmp_path, name)
        (tmp_path / "b.raw").write_bytes(b"x")
        files = ["a.raw", "b.raw", "c.dng", "d.raw", "e.raw"]
        assert main(["develop", *files, "--jobs", "2", "--json"]) == 2
        result = json.loads(capsys.readouterr().out)
        assert [entry["source"] for entry in result["developed"]] == ["a.raw", "d.raw", "e.raw"]
        failed = [(entry["source"], entry["kind"]) for entry in result["failed"]]
        assert failed == [("b.raw", "RawFormatError"), ("c.dng", "RawFormatError")]
        assert result["jobs"] == 2
        assert {path.name for path in tmp_path.glob("*.png")} == {"a.png", "d.png", "e.png"}

        os.rename("a.png", "pooled.png")
        assert main(["develop", "a.raw", "--threads", "1"]) == 0
        assert (tmp_path / "a.png").read_bytes() == (tmp_path / "pooled.png").read_bytes()

    def test_all_is_well(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        files = [str(write_frame(tmp_path, name)) for name in ("b.raw", "a.raw")]
        (tmp_path / "out").mkdir()
        assert main(["develop", *files, "-o", str(tmp_path / "out"), "--type", "jpg"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.partition(":")[0] for line in lines[:2]] == [str(tmp_path / f"out/{n}.jpg") for n in "ba"]
        assert lines[2].startswith("2 developed, 0 failed in ")

    @pytest.mark.parametrize(
        ("flags", "message"),
        [
            (["--jobs", "0"], "--jobs 0"),
            (["--precision", "int4"], "it has: int8"),
            (["-o", "one.png"], "isn't a folder"),
            (["--size", "big"], "--size 'big'"),
        ],
    )
    def test_wrong_use_is_reported_once(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], message: str
    ) -> None:
        files = [str(write_frame(tmp_path, name)) for name in ("a.raw", "b.raw")]
        assert main(["develop", *files, *flags]) == 2
        assert capsys.readouterr().err.count(message) == 1

    def test_a_killed_process_costs_one_file(self, tmp_path: Path, settings: Settings) -> None:
        names = ("b.raw", "c.raw")
        sources = [write_frame(tmp_path, "a.raw"), write_large(tmp_path), *(write_frame(tmp_path, n) for n in names)]
        others = set(children())  # other tests' servers
        outcomes = develop_in_pool(plan_jobs([Source(path) for path in sources], None), settings, 1)
        assert isinstance(next(outcomes), Developed)
        (worker,) = set(children()) - others
        os.kill(worker, signal.SIGKILL)
        killed, *rest = list(outcomes)
        assert isinstance(killed, Failed)
        assert killed.kind == "ProcessDiedError"
        assert "its worker process crashed (SIGKILL" in killed.message
        assert [type(outcome) for outcome in rest] == [Developed, Developed]
        assert hidden(tmp_path) == []
        assert set(children()) <= others


def children(parent: int | None = None) -> list[int]:
    """The processes that one (default: this) started and that still run."""
    threads = Path(f"/proc/{parent or os.getpid()}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def hidden(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`lwisp` in a process group of its own, as a terminal starts it; whatever of it is left is ended."""
    command = [sys.executable, "-m", "lwisp_mobile", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if is_alive(process.pid):
                os.killpg(process.pid, signal.SIGKILL)


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(reached: Callable[[], bool], process: "subprocess.Popen[str] | None" = None) -> None:
    """Wait, at most 60 s, and not for a process that has ended."""
    end = time.monotonic() + 60
    while not reached():
        if time.monotonic() > end or (process is not None and process.poll() is not None):
            raise TimeoutError("nothing to wait for" if process is None else process.communicate()[1])
        time.sleep(0.002)


@pytest.mark.skipif(sys.platform != "linux", reason="unnamed files are Linux's")
class TestKilled:
    def test_in_the_middle_of_writing(self, tmp_path: Path) -> None:
        """SIGKILL while part of the picture is on the disk, unnamed."""
        raw = write_large(tmp_path)
        (tmp_path / "out").mkdir()
        output = tmp_path / "out" / "large.tif"
        output.write_bytes(b"an older picture")
        with running("develop", str(raw), "-o", str(output), "--threads", "2") as process:
            wait_until(lambda: unnamed_bytes(process.pid, output.parent) > 1_000_000, process)
            process.kill()
            process.wait()
        assert list(output.parent.iterdir()) == [output]
        assert output.read_bytes() == b"an older picture"

    def test_with_jobs(self, tmp_path: Path) -> None:
        """SIGKILL of the parent: its processes go too, and every picture is whole or absent."""
        sources = plenty(tmp_path)
        with running("develop", *sources, "--jobs", "2") as process:
            wait_until(lambda: any(tmp_path.glob("*.png")), process)
            workers = children(process.pid)
            process.kill()
            process.wait()
            wait_until(lambda: not any(map(is_alive, workers)))
        assert len(workers) == 2
        assert hidden(tmp_path) == []
        assert_whole(tmp_path)

    @pytest.mark.usefixtures("interruptible")
    def test_ctrl_c_with_jobs(self, tmp_path: Path) -> None:
        sources = plenty(tmp_path)
        with running("develop", *sources, "--jobs", "2") as process:
            wait_until(lambda: any(tmp_path.glob("*.png")), process)
            workers = children(process.pid)
            os.killpg(process.pid, signal.SIGINT)
            _, printed = process.communicate(timeout=60)
            wait_until(lambda: not any(map(is_alive, [process.pid, *workers])))
        assert process.returncode == 130
        assert printed.splitlines()[-1] == "lwisp: interrupted"
        assert "Traceback" not in printed
        assert 1 <= len(list(tmp_path.glob("*.png"))) < len(sources)
        assert hidden(tmp_path) == []
        assert_whole(tmp_path)


def plenty(folder: Path) -> list[str]:
    """A small frame, then six that take a second each."""
    small, large = write_frame(folder, "a.raw"), write_large(folder)
    copies = [large]
    for index in range(5):
        copy = folder / f"large{index}.raw"
        copy.hardlink_to(large)
        copy.with_name(f"{copy.name}.toml").hardlink_to(folder / "large.raw.toml")
        copies.append(copy)
    return [str(small), *map(str, copies)]


def assert_whole(folder: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            picture.load()


def unnamed_bytes(process: int, folder: Path) -> int:
    """Size of the unnamed file that a process has open in a folder; 0 if it has none."""
    try:
        entries = list(Path(f"/proc/{process}/fd").iterdir())
        sizes = [entry.stat().st_size for entry in entries if os.readlink(entry).startswith(f"{folder}/#")]
    except OSError:  # closed between the look and the question
        return 0
    return max(sizes, default=0)
