"""The decoding process: what comes back is the same frame, and what goes wrong there is an error here."""

import functools
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_mobile.batch import jobs
from lwisp_mobile.cli.main import main
from lwisp_mobile.errors import MissingExtraError, RawError, RawFormatError, SandboxError, WhiteBalanceError
from lwisp_mobile.raw.corrections import BadPixels, Crop, GainMap, NoiseProfile, VignetteRadial, WarpRectilinear
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.image import CaptureInfo, FileFact, GpsPosition, RawImage
from lwisp_mobile.raw.reader import decode_here, decoding_by, read_raw
from lwisp_mobile.raw.sandbox.client import Limits, decode_apart, uncapped_notes
from lwisp_mobile.raw.sandbox.protocol import MAX_LINE_BYTES, read_reply, write_failure, write_raw

HINTS = RawHints(cfa="GRBG", black=64, white=1023, white_balance=(2.0, 1.0, 1.5), iso=400)
FRAME = RawImage(
    np.arange(15 * 22, dtype=np.uint16).reshape(15, 22),
    "BGGR",
    (64.0, 64.5, 65.0, 64.0),
    1023.0,
    (2.0, 1.0, 1.5),
    ((1.5, -0.25, -0.25), (0.0, 1.0, 0.0), (-0.5, -0.5, 2.0)),
    orientation=6,
    info=CaptureInfo(
        "Nökia",
        "N900",
        400.0,
        1 / 250,
        5.6,
        5.2,
        datetime(2024, 2, 3, 4, 5, 6),
        28.0,
        -0.5,
        "Zeiss",
        GpsPosition(1, -2),
    ),
    notes=("A note.",),
    gain_maps=(
        GainMap(0, 1, 15, 22, 2, 1, 0.1, 0.2, 0.3, 0.4, np.linspace(1, 2, 12, dtype=np.float32).reshape(3, 4, 1)),
        GainMap(1, 0, 15, 22, 2, 2, 0.0, 0.0, 1.0, 1.0, np.full((1, 1, 1), 1.5, np.float32)),
    ),
    vignette=(VignetteRadial((0.1, 0.2, 0.3, 0.4, 0.5), 0.4, 0.6),),
    bad_pixels=(
        BadPixels(0),
        BadPixels(None, np.array([[1, 2], [3, 4]], np.int32), np.array([[1, 2, 3, 4]], np.int32)),
    ),
    warp=(WarpRectilinear(((1.0, 0.1, 0.0, 0.0, 0.0, 0.0),), 0.5, 0.5),),
    baseline_exposure_ev=-0.25,
    noise_profile=NoiseProfile((1e-3, 2e-3, 3e-3), (1e-6, 2e-6, 3e-6)),
    crop=Crop(1, 2, 10, 12),
    facts=(FileFact("NoiseProfile", "0.001", "honoured"),),
)


def python(code: str) -> tuple[str, ...]:
    """A worker that does something else. It is a program: nothing of it is faked for the parent."""
    return (sys.executable, "-c", f"import os, signal, sys, time; {code}")


def decoding(expression: str) -> tuple[str, ...]:
    """The real worker, with another decoder in it."""
    return python(
        f"from lwisp_mobile.raw.sandbox import worker as w; w.decode_here = lambda *_: {expression}; w.main()"
    )


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    """A 16-bit grey PNG of 64x48 px: the smallest file that is decoded by foreign code."""
    samples = np.random.default_rng(0).integers(64, 1023, (48, 64), dtype=np.uint16)
    Image.fromarray(samples).save(tmp_path / "mosaic.png")
    return tmp_path / "mosaic.png"


def assert_same(left: RawImage, right: RawImage) -> None:
    assert np.array_equal(left.mosaic, right.mosaic)
    assert left.mosaic.dtype == right.mosaic.dtype == np.uint16
    for field in fields(RawImage):
        if field.name not in ("mosaic", "gain_maps", "bad_pixels"):
            assert getattr(left, field.name) == getattr(right, field.name), field.name
    for ours, theirs in zip(left.gain_maps + left.bad_pixels, right.gain_maps + right.bad_pixels, strict=True):
        for name, value in vars(ours).items():
            assert np.array_equal(value, getattr(theirs, name)), name


class TestDecoding:
    def test_the_same_frame(self, mosaic: Path) -> None:
        assert_same(decode_apart(mosaic, HINTS), decode_here(mosaic, HINTS))

    @pytest.mark.parametrize("name", ["canon_x4_colorchart_ml14bit.dng", "canon_d30_tree.crw"])
    def test_the_same_camera_frame(self, raw_data: Path, name: str) -> None:
        hints = RawHints(white_balance="daylight")
        assert_same(decode_apart(raw_data / name, hints), decode_here(raw_data / name, hints))

    def test_reading_uses_it_where_a_decoder_is_needed(self, mosaic: Path, tmp_path: Path) -> None:
        asked = []

        def decoder(path: Path, hints: RawHints) -> RawImage:
            asked.append((path.name, hints.cfa))
            return FRAME

        (tmp_path / "mosaic.png.toml").write_text('cfa = "GRBG"\n')
        np.zeros((8, 8), np.uint8).tofile(tmp_path / "plain.raw")
        plain = RawHints(size=(8, 8), bits=8, cfa="RGGB", black=0, white_balance=(1.0, 1.0, 1.0))
        with decoding_by(decoder):
            assert read_raw(mosaic) is FRAME
            read_raw(tmp_path / "plain.raw", plain)
        assert asked == [("mosaic.png", "GRBG")]

    def test_errors_come_back_as_they_are(self, tmp_path: Path, mosaic: Path) -> None:
        (tmp_path / "a.dng").write_bytes(b"II*\0" + bytes(100))
        with decoding_by(decode_apart), pytest.raises(RawFormatError, match=r"a\.dng: This isn't a RAW file"):
            read_raw(tmp_path / "a.dng")
        with decoding_by(decode_apart), pytest.raises(WhiteBalanceError, match=r"mosaic\.png: "):
            read_raw(mosaic, RawHints(cfa="RGGB", black=0, white=1023))

    def test_the_working_folder_brings_no_modules(
        self, mosaic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "rawpy.py").write_text("raise SystemExit(9)")
        (tmp_path / "PIL.py").write_text("raise SystemExit(9)")
        monkeypatch.chdir(tmp_path)
        assert decode_apart(Path("mosaic.png"), HINTS).width_px == 64

    def test_costs_little(self, mosaic: Path) -> None:
        """Little more than Python and NumPy take to start, which is 0.1 s; both in processor time, here and now."""
        decode_apart(mosaic, HINTS)  # byte code is there from here on
        numpy = [sys.executable, "-c", "import numpy"]
        start = min(processor_s(lambda: subprocess.run(numpy, check=True)) for _ in range(3))
        assert min(processor_s(lambda: decode_apart(mosaic, HINTS)) for _ in range(3)) < 3 * start


def processor_s(work: Callable[[], object]) -> float:
    """Processor time of this process and of those that ended within."""
    before = os.times()
    work()
    return sum(os.times()[:4]) - sum(before[:4])


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such caps, and a note says so")
class TestCaps:
    def test_a_bomb_meets_the_memory_cap(self, tmp_path: Path) -> None:
        """64 megapixels of black in half a megabyte: 128 MB unpacked, and twice as much again to convert."""
        Image.new("I;16", (8000, 8000)).save(tmp_path / "bomb.png", compress_level=1)
        with pytest.raises(SandboxError, match=r"needs more than its 0\.4 GB"):
            decode_apart(tmp_path / "bomb.png", HINTS, limits=Limits(memory_bytes=360 << 20))
        assert decode_apart(tmp_path / "bomb.png", HINTS).width_px == 8000

    def test_cpu_time(self, mosaic: Path) -> None:
        with pytest.raises(SandboxError, match=r"more than 1 s of CPU time and was ended by SIGXCPU"):
            decode_apart(mosaic, HINTS, limits=Limits(cpu_s=1), worker=decoding("[0 for _ in iter(int, 1)]"))

    def test_it_writes_no_file(self, mosaic: Path, tmp_path: Path) -> None:
        with pytest.raises(SandboxError, match=r"SIGXFSZ|exit status 1"):
            decode_apart(
                mosaic, HINTS, worker=decoding(f"open({str(tmp_path / 'written')!r}, 'wb', 0).write(b'x' * 99)")
            )
        assert (tmp_path / "written").stat().st_size == 0


class TestCrashes:
    @pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS"])
    def test_the_signal_is_named(self, mosaic: Path, name: str) -> None:
        code = f"sys.stdin.read(); os.kill(os.getpid(), signal.{name})"
        with pytest.raises(SandboxError, match=f"crashed: it was ended by {name}"):
            decode_apart(mosaic, HINTS, worker=python(code))

    def test_an_exit_status_is_told(self, mosaic: Path) -> None:
        with pytest.raises(SandboxError, match="exit status 3 and gave no picture"):
            decode_apart(mosaic, HINTS, worker=python("os._exit(3)"))

    def test_a_hang_meets_the_clock(self, mosaic: Path) -> None:
        start = time.monotonic()
        with pytest.raises(SandboxError, match=r"longer than 0\.3 s"):
            decode_apart(mosaic, HINTS, limits=Limits(wall_s=0.3), worker=python("time.sleep(60)"))
        assert time.monotonic() - start < 20

    def test_a_hang_in_the_middle_of_the_answer(self, mosaic: Path) -> None:
        stream = io.BytesIO()
        write_raw(stream, FRAME)
        code = f"sys.stdout.buffer.write({stream.getvalue()[:-9]!r}); sys.stdout.flush(); time.sleep(60)"
        with pytest.raises(SandboxError, match=r"longer than 2 s"):
            decode_apart(mosaic, HINTS, limits=Limits(wall_s=2), worker=python(code))

    def test_no_process_is_left(self, mosaic: Path, tmp_path: Path) -> None:
        """An answer that is refused while the child still runs ends it."""
        code = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); print('[]', flush=True); time.sleep(60)"
        with pytest.raises(SandboxError):
            decode_apart(mosaic, HINTS, worker=python(code))
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)

    @pytest.mark.parametrize("command", ["develop", "inspect"])
    def test_the_commands_survive(
        self, mosaic: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
    ) -> None:
        crash = python("sys.stdin.read(); os.kill(os.getpid(), signal.SIGSEGV)")
        monkeypatch.setattr(jobs, "decode_apart", functools.partial(decode_apart, worker=crash))
        before = sorted(mosaic.parent.iterdir())
        output = ["--type", "jpg"] if command == "develop" else []
        assert main([command, str(mosaic), *output]) == 2
        assert "mosaic.png: The decoder crashed: it was ended by SIGSEGV" in capsys.readouterr().err
        assert sorted(mosaic.parent.iterdir()) == before

    def test_no_sandbox_needs_none(self, mosaic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "decode_apart", functools.partial(decode_apart, worker=("no-such-program",)))
        flags = ["--cfa", "GRBG", "--black", "64", "--white", "1023", "--white-balance", "2,1,1.5"]
        assert main(["inspect", str(mosaic), *flags, "--bits", "10", "--no-sandbox"]) == 0


def test_systems_without_caps_are_told() -> None:
    assert uncapped_notes("linux") == ()
    assert uncapped_notes("darwin") == ("Decoded in a process of its own, whose memory isn't capped on darwin.",)
    assert "memory and CPU time aren't capped on win32" in uncapped_notes("win32")[0]


MAP = {
    **{"top": 0, "left": 0, "bottom": 4, "right": 4, "row_pitch": 1, "col_pitch": 1},
    **{"row_origin": 0, "col_origin": 0, "row_spacing": 1, "col_spacing": 1, "gains": [1, 1, 1]},
}


def answer(frame: RawImage = FRAME) -> bytes:
    stream = io.BytesIO()
    write_raw(stream, frame)
    return stream.getvalue()


def changed(**facts: object) -> bytes:
    """An answer that a child in wrong hands could give."""
    line, _, samples = answer().partition(b"\n")
    tree = json.loads(line)
    tree["raw"].update(facts)
    return json.dumps(tree).encode() + b"\n" + samples


class TestAnswers:
    def test_all_of_a_frame_comes_back(self) -> None:
        raw = read_reply(io.BytesIO(answer()))
        assert raw is not None
        assert_same(raw, FRAME)

    @pytest.mark.parametrize("cut", [0, 1, 50, -760, -90, -33, -1])
    def test_an_answer_that_ends_early_is_none(self, cut: int) -> None:
        assert read_reply(io.BytesIO(answer()[:cut])) is None

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"\n", "isn't JSON"),
            (b"null\n", "must be a table"),
            (b'{"raw": 1}\n', "raw must be a table"),
            (b'{"what": 1}\n', "unknown key 'what'"),
            (b"[" * 50_000 + b"\n", "isn't JSON"),
            (changed(mosaic=[2**31, 2**31]), "isn't possible"),
            (changed(mosaic=[-15, -22]), "isn't possible"),
            (changed(mosaic=[True, 22]), "isn't possible"),
            (changed(mosaic=[1, 2, 1, 2]), "isn't possible"),
            (changed(mosaic=7), "isn't possible"),
            (changed(mosaic=[1, 22]), "at least 2x2"),
            (changed(white_level=1e400), "finite number"),
            (changed(cfa="XXXX"), "unknown"),
            (changed(orientation=9), "Orientation 9"),
            (changed(wb_gains=[0, 1, 1]), "above 0"),
            (changed(wb_gains=[1, 1]), "must have 3 entries"),
            (changed(white_level=0), "isn't above the black levels"),
            (changed(crop={"top": 0}), "is missing"),
            (changed(info={"taken_at": "yesterday"}), "is no date"),
            (changed(gain_maps=[{**MAP, "gains": [2**31, 2**31, 1]}]), "isn't possible"),
            (changed(gain_maps=[{**MAP, "gains": [-1, -4, 3]}]), "isn't possible"),
            (changed(gain_maps=[{**MAP, "row_pitch": 0}]), "pitch"),
            (changed(gain_maps=[{**MAP, "top": 5}]), "area"),
            (changed(bad_pixels=[{"constant": None, "points": [2**40, 2], "rectangles": [0, 4]}]), "isn't possible"),
            (changed(bad_pixels=[{"constant": None, "points": [-1, 2], "rectangles": [0, 4]}]), "isn't possible"),
            (changed(warp=[{"coefficients": [], "center_x": 0.5, "center_y": 0.5}]), "0 planes"),
            (changed(noise_profile={"scale": [-1, 0, 0], "offset": [0, 0, 0]}), "NoiseProfile"),
            (changed(crop={"top": 0, "left": 0, "height": 99, "width": 9}), "lie within the mosaic"),
            (changed(facts=[{"name": "x", "value": "y", "use": "z"}]), "must be one of"),
        ],
    )
    def test_nonsense_is_refused(self, content: bytes, message: str) -> None:
        with pytest.raises(RawError, match=message):
            read_reply(io.BytesIO(content))

    def test_a_line_without_end_is_not_read_on(self) -> None:
        stream = io.BytesIO(b"x" * 10 * MAX_LINE_BYTES)
        assert read_reply(stream) is None
        assert stream.tell() == MAX_LINE_BYTES

    def test_no_other_error_can_be_raised(self) -> None:
        line = b'{"failure": {"kind": "KeyboardInterrupt", "message": ""}}\n'
        with pytest.raises(SandboxError, match="must be one of"):
            read_reply(io.BytesIO(line))

    def test_terminals_are_not_spoken_to(self) -> None:
        stream = io.BytesIO()
        write_failure(stream, MissingExtraError("\x1b[2Jgone"))
        with pytest.raises(MissingExtraError, match=r"^\[2Jgone$"):
            read_reply(io.BytesIO(stream.getvalue()))


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_child(mosaic: Path, tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    program = (
        "import sys; from pathlib import Path; from lwisp_mobile.raw.sandbox.client import *\n"
        f"decode_apart(Path({str(mosaic)!r}), RawHints(), worker={python(code)!r})"
    )
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, start_new_session=True) as process:
        child = wait_for(tmp_path / "pid")
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def wait_for(path: Path) -> int:
    for _ in range(600):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise TimeoutError(path)
