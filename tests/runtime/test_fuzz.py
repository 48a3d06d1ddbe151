"""Hostile input: whatever is in a file, it's read or refused by an LwispError, and soon.

`corpus/` holds a small file for each trick that was thought of; hypothesis makes more. What a long search finds
goes into the corpus: `make fuzz`
"""

import io
import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import CONTRACT_FILE, load_bundle, parse_bundle, shipped_bundle
from lwisp_mobile.errors import BundleError, LwispError, ModelError, RawError
from lwisp_mobile.raw.capture import read_capture
from lwisp_mobile.raw.dng_opcodes import Frame, read_opcodes
from lwisp_mobile.raw.hints import RawHints
from lwisp_mobile.raw.reader import decoding_by, read_raw
from lwisp_mobile.raw.sandbox.client import Limits, decode_apart
from lwisp_mobile.raw.sandbox.protocol import read_reply
from lwisp_mobile.raw.sidecar import parse_hints, read_sidecar
from lwisp_mobile.raw.tiff_tags import read_tiff
from lwisp_mobile.tflite.verifier import verify_tflite
from tests.runtime.damaged_dngs import damaged_dng, within
from tests.runtime.raw.dng_files import (
    DOUBLE,
    LONG,
    MATRIX,
    SHORT,
    SRATIONAL,
    UNDEFINED,
    gain_map,
    opcode,
    opcode_list,
    tag,
    write_dng,
)

CORPUS = Path(__file__).parent / "corpus"
PROJECT = Path(__file__).resolve().parents[2]
GOOD_SIDECAR = 'size = [64, 48]\ncfa = "GRBG"\nbits = 10\nblack = [64, 64, 64, 64]\nwhite_balance = [2.0, 1.0, 1.5]\n'
KEYS = st.sampled_from(
    ["size", "cfa", "bits", "byte_order", "black", "white", "white_balance", "matrix", "iso", "make"]
)

# Reading files in the test is slow for hypothesis's taste; how long one example takes says nothing on a busy machine.
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def corpus(kind: str) -> list[Path]:
    return sorted((CORPUS / kind).iterdir())


def name(path: Path) -> str:
    return path.name


@st.composite
def damaged(draw: st.DrawFn, sources: tuple[bytes, ...]) -> bytes:
    """A good file with some bytes changed, put in, taken out or repeated."""
    content = bytearray(draw(st.sampled_from(sources)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(0, 8))
        match draw(st.sampled_from(["replace", "insert", "remove", "repeat", "cut"])):
            case "replace":
                content[at : at + length] = draw(st.binary(min_size=length, max_size=length))
            case "insert":
                content[at:at] = draw(st.binary(max_size=8))
            case "remove":
                del content[at : at + length]
            case "repeat":
                content[at:at] = content[at : at + 64]
            case _:
                del content[at:]
    return bytes(content)


class TestSidecars:
    @pytest.mark.parametrize("path", corpus("sidecars"), ids=name)
    def test_corpus(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "a.raw.toml").write_bytes(path.read_bytes())
        try:
            hints = read_sidecar(tmp_path / "a.raw")
        except RawError as error:
            assert str(error).startswith(str(tmp_path / "a.raw.toml"))  # noqa: PT017
        else:
            assert path.name in ("empty.toml", "control.toml")
            assert isinstance(hints, RawHints)

    @quick
    @given(text=st.text() | damaged((GOOD_SIDECAR.encode(),)).map(lambda content: content.decode("utf-8", "replace")))
    def test_any_text(self, text: str) -> None:
        try:
            parse_hints(text)
        except RawError:
            return

    scalars = st.integers() | st.floats() | st.booleans() | st.text(max_size=4) | st.sampled_from(["RGGB", "as-shot"])

    @quick
    @given(table=st.dictionaries(KEYS, scalars | st.lists(scalars | st.lists(scalars, max_size=3), max_size=9)))
    def test_any_values(self, table: dict[str, Any]) -> None:
        text = "\n".join(f"{key} = {toml(value)}" for key, value in table.items())
        try:
            hints = parse_hints(text)
        except RawError:
            return
        assert hints.black_sites is None or min(hints.black_sites) >= 0


def toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return str(value) if isinstance(value, float) else json.dumps(value)


class TestContracts:
    @pytest.mark.parametrize("path", corpus("contracts"), ids=name)
    def test_corpus(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / CONTRACT_FILE).write_bytes(path.read_bytes())
        if path.name == "lone_surrogate.json":
            assert not load_bundle(tmp_path).models
            return
        with pytest.raises(ModelError, match=r"contract\.json"):
            load_bundle(tmp_path)

    good = (shipped_bundle().folder / CONTRACT_FILE).read_bytes()

    @quick
    @given(content=st.binary() | damaged((good,)))
    def test_any_bytes(self, content: bytes) -> None:
        try:
            parse_bundle(Path("bundle"), content)
        except ModelError:
            return

    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    trees = st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner), max_leaves=8
    )

    @quick
    @given(data=st.data())
    def test_any_value_anywhere(self, data: st.DataObject) -> None:
        tree = json.loads(self.good)
        owner, key = data.draw(st.sampled_from(places(tree)))
        owner[key] = data.draw(self.trees)
        try:
            bundle = parse_bundle(Path("bundle"), json.dumps(tree).encode("utf-8", "surrogatepass"))
        except ModelError:
            return
        for model in bundle.models:
            assert Path(model.file).name == model.file


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place in a tree that holds a value."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    return [place for key in keys for place in [(tree, key), *places(tree[key])]]


class TestBundles:
    @pytest.mark.parametrize("path", corpus("bundles"), ids=name)
    def test_corpus(self, path: Path) -> None:
        with pytest.raises(BundleError, match=path.name):
            load_bundle(path)
        if path.name != "no_entries.zip":
            with pytest.raises(BundleError, match=path.name):
                read_all(path)

    @quick
    @given(content=damaged(tuple(path.read_bytes() for path in corpus("bundles"))))
    def test_any_damage(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.zip").write_bytes(content)
        try:
            files = read_all(tmp_path / "a.zip")
        except BundleError:
            return
        assert all("/" not in file and "\\" not in file for file in files)

    @quick
    @given(files=st.dictionaries(st.text("abc.-_äß ", min_size=1, max_size=9), st.binary(max_size=99), max_size=5))
    def test_what_is_packed_comes_back(self, files: dict[str, bytes], tmp_path: Path) -> None:
        try:
            write_archive(tmp_path / "a.zip", files)
        except BundleError:
            return
        assert read_all(tmp_path / "a.zip") == files


class TestModels:
    @pytest.mark.parametrize("path", corpus("models"), ids=name)
    def test_corpus(self, path: Path) -> None:
        with pytest.raises(ModelError):
            verify_tflite(path.read_bytes())

    model = (shipped_bundle().folder / shipped_bundle().model("int8").file).read_bytes()

    @quick
    @given(data=st.data())
    def test_any_words(self, data: st.DataObject) -> None:
        """Only the check is run here, in this process; `lwisp mutate` runs engines, in others."""
        content = bytearray(self.model)
        for _ in range(data.draw(st.integers(1, 3))):
            # The graph lies at the end, after the weights; the first words lead to it.
            at = data.draw(st.integers(0, 64) | st.integers(len(content) - 300_000, len(content) - 4)) & ~3
            content[at : at + 4] = data.draw(st.integers(0, 2**32 - 1)).to_bytes(4, "little")
        try:
            verify_tflite(bytes(content))
        except ModelError:
            return

    @quick
    @given(content=st.binary(max_size=200))
    def test_any_bytes(self, content: bytes) -> None:
        with pytest.raises(ModelError):
            verify_tflite(b"\x08\0\0\0TFL3" + content)


def opcode_lists() -> bytes:
    gains = np.linspace(1, 2, 12, dtype=np.float32).reshape(3, 4, 1)
    maps = [gain_map(gains, (site // 2, site % 2, 44, 60), pitch=(2, 2)) for site in range(4)]
    return opcode_list(*maps, opcode(3, struct.pack(">7d", 0.2, 0, 0, 0, 0, 0.5, 0.5)), opcode(8, b"12", optional=True))


def bad_pixel_list() -> bytes:
    return opcode_list(opcode(5, struct.pack(">9I", 0, 1, 1, 10, 20, 4, 4, 6, 7)), opcode(4, struct.pack(">2I", 0, 0)))


class TestFrames:
    @pytest.mark.parametrize("path", corpus("frames"), ids=name)
    def test_corpus(self, path: Path) -> None:
        hints = RawHints(cfa="RGGB", black=0, white=255, white_balance=(2, 1, 1))
        with decoding_by(lambda *given: decode_apart(*given, limits=Limits(cpu_s=10, wall_s=60))):
            try:
                raw = read_raw(path, hints)
            except RawError as error:
                assert str(error).startswith(str(path))  # noqa: PT017
            else:  # LibRaw takes a lossless JPEG without samples for a frame, and leaves its memory as it was
                assert path.name == "jpeg_cut.dng"
                assert raw.mosaic.max() == 0

    @quick
    @given(content=st.binary() | damaged(tuple(path.read_bytes() for path in corpus("frames"))))
    def test_camera_names_never_fail(self, content: bytes) -> None:
        found = read_capture(read_tiff(io.BytesIO(content)))
        assert all(text is None or text.isprintable() for text in (found.make, found.model))

    @quick
    @given(content=damaged((opcode_lists(),)), stage=st.integers(1, 3), is_linear=st.booleans())
    def test_any_opcode_list(self, content: bytes, stage: int, is_linear: bool) -> None:
        frame = Frame(60, 80, 4, 6, 48, 64, "GRBG", is_linear)
        try:
            found = read_opcodes({stage: content}, frame)
        except RawError:
            return
        for one in found.corrections:
            assert within(one, 48, 64)

    @pytest.mark.slow
    def test_a_thousand_damaged_dngs(self, tmp_path: Path) -> None:
        """Each is read or refused. Where LibRaw crashes, the sandbox says so, and the rest is gone on with."""
        good = write_dng(
            tmp_path / "good.dng",
            np.random.default_rng(0).integers(64, 4000, (48, 64), np.uint16),
            *(tag(50714, SHORT, 64), tag(50717, SHORT, 4095), tag(50829, LONG, 2, 2, 46, 62)),
            *(tag(50719, LONG, 2, 2), tag(50720, LONG, 50, 40), tag(51041, DOUBLE, 1e-3, 1e-6)),
            *(tag(50722, SRATIONAL, *MATRIX), tag(50778, SHORT, 17), tag(50779, SHORT, 21)),
            *(tag(51008, UNDEFINED, bad_pixel_list()), tag(51009, UNDEFINED, opcode_lists())),
        )
        done = crashed = read = 0
        while done < 1000:
            command = [sys.executable, "-m", "tests.runtime.damaged_dngs", str(good), str(done), "1000"]
            child = subprocess.run(command, check=False, cwd=PROJECT, capture_output=True, text=True, timeout=600)
            done += len(child.stdout.splitlines())
            read += child.stdout.count(" read\n")
            assert "Traceback" not in child.stderr, child.stderr
            if child.returncode:
                crashed += 1
                bad = tmp_path / "bad.dng"
                bad.write_bytes(damaged_dng(good.read_bytes(), done))
                with pytest.raises(RawError):
                    decode_apart(bad, RawHints(), limits=Limits(cpu_s=10, wall_s=60))
                done += 1
        assert crashed <= 10
        assert 100 < read < 900  # damage is neither always seen nor always overlooked

    headers = st.sampled_from([b"P5 4 4 255\n", b"P5 2 2 65535\n", b"P5\n#a\n4 4 300\n"])

    @quick
    @given(head=headers | damaged((b"P5 4 4 255\n", b"P5 # a\n 300 2 1023\n")), body=st.binary(max_size=64))
    def test_any_pgm(self, head: bytes, body: bytes, tmp_path: Path) -> None:
        content = b"P5" + head[2:] + body  # damage can put samples into the head
        (tmp_path / "a.pgm").write_bytes(content)
        try:
            raw = read_raw(tmp_path / "a.pgm", RawHints(cfa="RGGB", black=0, white_balance=(2, 1, 1)))
        except RawError:
            return
        samples = raw.mosaic.astype(">u2" if raw.white_level > 255 else np.uint8).tobytes()
        assert samples in content[len(b"P5 1 1 1\n") :]

    @quick
    @given(content=st.binary() | damaged((b'{"raw": null, "failure": {"kind": "CfaError", "message": "x"}}\n',)))
    def test_any_answer_of_a_decoder(self, content: bytes) -> None:
        try:
            assert read_reply(io.BytesIO(content)) is None
        except LwispError:
            return
