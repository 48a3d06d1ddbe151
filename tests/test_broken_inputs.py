"""Ten broken inputs for every command: each ends with exit code 2 and one line on stderr that names the file."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from lwisp_export.student.checkpoint import shipped_checkpoint
from lwisp_export.synthesis.sample import write_sample
from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.cli.main import installed, main

PROJECT = Path(__file__).resolve().parents[1]
HUGE_BYTES = 1 << 40
"""Of a sparse file: more than any machine has memory for."""
LIMIT_S = 30
SPARE_MEMORY_BYTES = 3 << 30

PEM = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
NESTED = b"[" * 100_000

pytestmark = pytest.mark.slow  # four hundred commands


class StuckError(BaseException):
    """The command still runs. No Exception: the command would take it for an error of its own."""


class Case(NamedTuple):
    """A command with an input. BAD, in its words, is the file; OUT a folder for what it writes."""

    words: tuple[str, ...]
    suffix: str
    hostile: bytes


def case(words: str, suffix: str, hostile: bytes) -> Case:
    return Case(tuple(words.split()), suffix, hostile)


def corpus(name: str) -> bytes:
    return (PROJECT / "tests/runtime/corpus" / name).read_bytes()


RAW, JSON, TOML, MODEL = (
    corpus("frames/jpeg_cut.dng")[:-40],
    NESTED,
    b"a = " + NESTED,
    corpus("models/" + sorted(os.listdir(PROJECT / "tests/runtime/corpus/models"))[0]),
)
ZIP = corpus("bundles/" + sorted(os.listdir(PROJECT / "tests/runtime/corpus/bundles"))[0])
TENSORS = (1 << 60).to_bytes(8, "little") + b"{" * 64

CASES = (
    case("develop BAD -o OUT", ".dng", RAW),
    case("develop photo.dng -o OUT --bundle BAD", ".zip", ZIP),
    case("inspect BAD", ".dng", RAW),
    case("inspect BAD", ".tflite", MODEL),
    case("inspect BAD --strict", ".tflite", MODEL),
    case("inspect BAD", ".onnx", b"\x3a\xff\xff\xff\xff\x0f"),
    case("inspect BAD", ".safetensors", TENSORS),
    case("time --bundle BAD", ".zip", ZIP),
    case("models --copy lwisp-lite OUT --raw BAD", ".dng", RAW),
    case("web --write OUT --bundle BAD", ".zip", ZIP),
    case("pack BAD -o OUT/a.zip", "", JSON),
    case("sign BAD --key key.pem", ".zip", ZIP),
    case("sign lwisp.zip --key BAD", ".pem", PEM),
    case("verify-signature BAD --key key.pub", ".zip", ZIP),
    case("train BAD --data . --run OUT", ".toml", TOML),
    case("train lwisp-qat --data . --run OUT --start BAD", ".safetensors", TENSORS),
    case("export BAD -o OUT", ".safetensors", TENSORS),
    case("export -o OUT --calibrate BAD", ".dng", RAW),
    case("export -o OUT --quantization BAD", ".toml", TOML),
    case("export -o OUT --calibration BAD", "", JSON),
    case("convert BAD -o OUT", ".safetensors", TENSORS),
    case("convert BAD -o OUT", ".onnx", b"\x3a\xff\xff\xff\xff\x0f"),
    case("calibrate BAD -o OUT", ".dng", RAW),
    case("verify BAD", ".dng", RAW),
    case("verify --bundle BAD", ".zip", ZIP),
    case("verify --checkpoint BAD", ".safetensors", TENSORS),
    case("peers --checkpoint BAD", ".safetensors", TENSORS),
    case("evaluate --raws BAD", ".dng", RAW),
    case("ablate BAD --data . --teacher t.safetensors --run OUT", ".toml", TOML),
    case("check-data data --list BAD", ".txt", b"0123 without a second space"),
    case("sheet BAD -o OUT/a.png", ".dng", RAW),
    case("demo BAD -o OUT", ".dng", RAW),
    case("rate --bundle BAD", ".zip", ZIP),
    case("frame --bundle BAD", ".zip", ZIP),
    case("mutate --bundle BAD", ".zip", ZIP),
    case("bench run BAD -o OUT/r.json --no-gate", ".tflite", MODEL),
    case("bench run --raw BAD -o OUT/r.json --no-gate", ".dng", RAW),
    case("bench suite BAD -o OUT/r.json", ".toml", TOML),
    case("bench compare BAD BAD", ".json", JSON),
    case("bench report BAD -o OUT/r.html", ".json", JSON),
    case("bench ab BAD BAD", ".tflite", MODEL),
    case("bench trials --bundle BAD", ".zip", ZIP),
    case("bench paper BAD --work OUT", ".tflite", MODEL),
)


def good(suffix: str) -> bytes:
    """A good file of a kind, or the beginning of one, to cut."""
    files = {
        ".dng": Path("photo.dng"),
        ".tflite": shipped_bundle("lwisp-lite").folder / "lwisp-lite.int8.tflite",
        ".safetensors": shipped_checkpoint("lwisp-lite"),
        ".zip": Path("lwisp.zip"),
    }
    beginnings = {".toml": b'name = "x"\n[student]\nchannels = [', ".json": b'{"results_version": 1, "records": ['}
    return files[suffix].read_bytes() if suffix in files else beginnings.get(suffix, PEM)


def truncated(path: Path, chosen: Case) -> None:
    content = good(chosen.suffix)
    path.write_bytes(content[: len(content) // 2])


def huge(path: Path, chosen: Case) -> None:
    path.touch()
    os.truncate(path, HUGE_BYTES)


def closed_pipe(path: Path, chosen: Case) -> None:
    """A pipe that nobody writes into: whoever opens it to read waits for ever."""
    os.mkfifo(path)


BREAKERS: dict[str, Callable[[Path, Case], object]] = {
    "empty": lambda path, chosen: path.write_bytes(b""),
    "truncated": truncated,
    "wrong type": lambda path, chosen: path.write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(200)),
    "hostile": lambda path, chosen: path.write_bytes(chosen.hostile),
    # Even root can't: reading a process's memory at 0 is an input/output error.
    "unreadable": lambda path, chosen: path.symlink_to("/proc/self/mem"),
    "huge": huge,
    "unicode": lambda path, chosen: path.write_bytes(b"\0text"),
    "dash": lambda path, chosen: path.write_bytes(b"\0text"),
    "folder": lambda path, chosen: path.mkdir(),
    "closed pipe": closed_pipe,
}
NAMES = {"unicode": "Größe \udcff 写真", "dash": "-dash"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good files that commands need beside the broken one."""
    folder = tmp_path_factory.mktemp("inputs")
    write_sample(folder / "photo.dng")
    write_archive(folder / "lwisp.zip", read_all(shipped_bundle("lwisp-lite").folder))
    for name in ("key.pem", "key.pub", "t.safetensors"):
        (folder / name).write_bytes(PEM)
    return folder


@contextmanager
def limits() -> Iterator[None]:
    """What takes forever or all memory fails, instead of taking the machine along."""

    def expire(*_: object) -> None:
        raise StuckError

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, expire)
    signal.alarm(LIMIT_S)
    resource.setrlimit(resource.RLIMIT_AS, (used + SPARE_MEMORY_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)


@pytest.fixture(params=BREAKERS)
def fault(request: pytest.FixtureRequest) -> str:
    """The name of a breaker."""
    return str(request.param)


@pytest.fixture(params=CASES, ids=lambda chosen: f"{' '.join(chosen.words)} {chosen.suffix}")
def words(
    request: pytest.FixtureRequest, fault: str, bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """A command with a broken file, and the working folder that it is meant for."""
    chosen: Case = request.param
    monkeypatch.chdir(bench)
    bad = tmp_path / f"{NAMES.get(fault, 'file')}{chosen.suffix}"
    if fault == "dash":
        monkeypatch.chdir(tmp_path)
        for file in bench.iterdir():
            (tmp_path / file.name).symlink_to(file)
        bad = Path(bad.name)
    BREAKERS[fault](bad, chosen)
    return list(arguments(chosen.words, str(bad), str(tmp_path / "out")))


def test_a_broken_input(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with limits():
        code = main(words)
    printed = capfd.readouterr()
    lines = [line for line in printed.err.splitlines() if line.startswith(("lwisp: ", "failed: "))]
    # A folder that isn't signed is a check that failed.
    expected = 1 if words[0] == "verify-signature" and "isn't signed" in printed.err else 2
    assert (code, len(lines)) == (expected, 1), printed
    assert printed.err.endswith(f"{lines[0]}\n"), printed.err
    assert "Traceback" not in printed.err


def arguments(words: tuple[str, ...], bad: str, out: str) -> Iterator[str]:
    """The words with the files in; a name with a dash as a shell's user writes it: --option=-name, -- -name."""
    replaced = [word.replace("BAD", bad).replace("OUT", out) for word in words]
    dashed = [place for place, word in enumerate(replaced) if word.startswith("-dash")]
    last = [replaced[place] for place in dashed if not words[place - 1].startswith("--")]
    for place, word in enumerate(replaced):
        if place + 1 in dashed and word.startswith("--"):
            yield f"{word}={replaced[place + 1]}"
        elif place not in dashed:
            yield word
    if last:
        yield from ("--", *last)


def test_every_command_that_reads_a_file_is_in_the_table() -> None:
    read_no_file = {"completion", "sample"}
    assert {chosen.words[0] for chosen in CASES} == {entry.name for entry in installed()} - read_no_file
