"""`lwisp develop`: what it writes and prints, and how it refuses wrong use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lwisp_mobile import Developer, read_raw
from lwisp_mobile.cli.main import main

GREY_SIDECAR = 'size = [46, 38]\ncfa = "GRBG"\nbits = 10\nblack = 64\nwhite_balance = [2.0, 1.0, 1.5]\n'


def write_headerless(folder: Path) -> Path:
    path = folder / "grey.raw"
    (64 + np.arange(46 * 38) % 900).astype("<u2").tofile(path)
    (folder / "grey.raw.toml").write_text(GREY_SIDECAR)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_the_command_writes_a_picture_and_its_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    output = tmp_path / f"out{suffix}"
    assert main(["develop", str(write_headerless(tmp_path)), "-o", str(output), "--json", "--threads", "1"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["developed"]
    assert (result["width_px"], result["height_px"]) == (46, 38)
    assert set(result["time"]) == {"read_ms", "prepare_ms", "inference_ms", "write_ms"}
    assert all(value > 0 for value in result["time"].values())
    assert output.stat().st_size > 500


def test_options_reach_the_picture_and_notes_the_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = write_headerless(tmp_path)
    arguments = ["develop", str(raw), "-o", str(tmp_path / "out.png"), "--exposure", "auto", "--tone", "standard"]
    assert main(arguments) == 0
    printed = [line for line in capsys.readouterr().err.splitlines() if line.startswith(f"note: {raw}: ")]
    assert main([*arguments, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["developed"]
    assert printed == [f"note: {raw}: {note}" for note in result["notes"]]
    assert any("own light" in note for note in result["notes"])
    assert f"Precision {result['precision']}: " in result["notes"][0]
    assert result["tone"] == "standard"
    with Developer() as developer, Image.open(tmp_path / "out.png") as written:
        options = {"exposure_ev": result["exposure_ev"], "tone": "standard"}
        assert np.array_equal(np.asarray(written), developer.develop(read_raw(raw), dtype=np.uint8, **options))
        assert not np.array_equal(np.asarray(written), developer.develop(read_raw(raw), dtype=np.uint8))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.dng"], "no such file"),
        (["grey.raw", "-o", "out.gif"], "suffix '.gif'"),
        (["grey.raw", "-o", "grey.raw.toml/out.png"], "can't be written"),
        (["grey.raw", "-o", "out.png", "--type", "jpg"], "isn't named .jpg"),
        (["*.dng"], "No file matches *.dng"),
        (["-"], "name its picture with -o"),
        (["grey.raw", "-o", "grey.raw"], "suffix '.raw' is unknown"),
        (["grey.raw", "--precision", "int4"], "it has: int8, fp16"),
        (["grey.raw", "--bundle", "nobody"], "there are: lwisp"),
        (["grey.raw", "--size", "46by38"], "--size '46by38'"),
        (["grey.raw", "--size", "40x38"], "bytes"),
        (["grey.raw", "--white-balance", "sunny"], "--white-balance 'sunny'"),
        (["grey.raw", "--white-balance", "0,1,1"], "white_balance"),
        (["grey.raw", "--exposure", "99"], "Exposure 99"),
        (["grey.raw", "--exposure", "bright"], "--exposure 'bright'"),
        (["grey.raw", "--tone", "warm"], "invalid choice"),
        (["grey.raw", "--denoise", "3"], "Denoising 3.0 is out of 0 to 2"),
        (["grey.raw", "--denoise", "0.5"], "isn't told the noise (its input has no noise plane): leave out denoise"),
        (["grey.raw", "other.raw", "-o", ".", "--noise", "1e-3,1e-6"], "leave out noise"),
        (["grey.raw", "--noise", "0.1"], "--noise '0.1' can't be read; give 2"),
        (["grey.raw", "--noise", "nan,0"], "--noise nan,0"),
        (["grey.raw", "--threads", "0"], "threads is 0"),
        (["grey.raw", "--max-memory", "lots"], "The size 'lots'"),
        (["grey.raw", "--max-memory", "20MB"], "20 MB are allowed"),
        (["grey.raw", "--cfa", "XYZW"], "invalid choice"),
    ],
)
def test_wrong_use_is_named_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    write_headerless(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main(["develop", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("names", [["a.raw"], ["a.raw", "sub/b.raw"]], ids=["one", "two"])
@pytest.mark.parametrize("given", [["."], ["*.raw", "sub/*.raw"], ["files"]], ids=["folder", "patterns", "files"])
def test_one_file_is_treated_as_many_are(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    names: list[str],
    given: list[str],
) -> None:
    (tmp_path / "sub").mkdir()
    for name in names:
        write_headerless(tmp_path).rename(tmp_path / name)
        (tmp_path / "grey.raw.toml").rename(tmp_path / f"{name}.toml")
    monkeypatch.chdir(tmp_path)
    arguments = names if given == ["files"] else given[: len(names)]
    assert main(["develop", *arguments, "-r", "-o", "new/pictures", "--json", "--bundle", "lwisp-lite"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert sorted(entry["source"] for entry in summary["developed"]) == names
    found = sorted(path.relative_to("new/pictures").as_posix() for path in Path("new").rglob("*.png"))
    assert found == (["a.png", "sub/b.png"] if given == ["."] else ["a.png", "b.png"])[: len(names)]


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_dng: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with sample_dng.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert main(["develop", "-", "-o", "a.png"]) == 0
    assert main(["develop", str(sample_dng), "-o", "b.png"]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_folder_without_raw_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no RAW file")
    assert main(["develop", str(tmp_path)]) == 2
    assert "-r looks into its folders, too" in capsys.readouterr().err


def test_more_threads_than_cores_are_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = write_headerless(tmp_path)
    assert main(["develop", str(raw), "--threads", "1"]) == 0
    assert " threads on " not in capsys.readouterr().err
    threads = (os.cpu_count() or 1) + 1
    assert main(["develop", str(raw), "--threads", str(threads)]) == 0
    assert f"note: {threads} threads on " in capsys.readouterr().err


def test_a_name_with_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_headerless(tmp_path).rename(tmp_path / "-dash.raw")
    (tmp_path / "grey.raw.toml").rename(tmp_path / "-dash.raw.toml")
    monkeypatch.chdir(tmp_path)
    assert main(["develop", "--", "-dash.raw"]) == 0
    assert (tmp_path / "-dash.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_the_caller_closed(tmp_path: Path, closed: str) -> None:
    raw = write_headerless(tmp_path)
    command = f"{sys.executable} -m lwisp_mobile develop {raw} {closed}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    with Image.open(raw.with_suffix(".png")) as picture:
        picture.load()


def test_a_killed_develop_leaves_no_half_written_file(tmp_path: Path) -> None:
    path = write_headerless(tmp_path)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))"
    code = f"{limit}; from lwisp_mobile.cli.main import main; import sys; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "develop", str(path), "-o", str(tmp_path / "out.png")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode != 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["grey.raw", "grey.raw.toml"]
