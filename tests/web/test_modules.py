"""The page's JavaScript equals the Python runtime: golden vectors in Node, specialized models in LiteRT."""

import hashlib
import json
import lzma
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from lwisp_mobile import read_raw
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.output.geometry import undistort
from lwisp_mobile.raw.corrections import WarpRectilinear

FOLDER = Path(__file__).parent


def test_modules_equal_the_golden_vectors(node: str) -> None:
    files = sorted(str(path) for path in FOLDER.glob("*.test.js"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False)
    assert files
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("precision", ["int8", "fp16"])
@pytest.mark.parametrize(("signature", "size"), [("context", (64, 48)), ("descend", (96, 64)), ("develop", (64, 48))])
def test_a_specialized_model_computes_the_same(
    node: str, tmp_path: Path, precision: str, signature: str, size: tuple[int, int]
) -> None:
    folder = shipped_bundle().folder
    model, output = folder / f"lwisp.{precision}.tflite", tmp_path / "specialized.tflite"
    sides = [str(side) for side in size]
    command = [node, FOLDER / "specialize.mjs", folder / "contract.json", model, signature, *sides, output]
    subprocess.run(command, check=True)
    specialized, original = Interpreter(str(output)), Interpreter(str(model))
    runner = specialized.get_signature_runner(signature)
    rng, largest = np.random.default_rng(0), 127 if precision == "int8" else 1
    inputs = {
        name: (rng.random(found["shape"]) * largest).astype(found["dtype"])
        for name, found in runner.get_input_details().items()
    }
    assert inputs["packed"].shape == (1, size[1], size[0], 4)
    expected = original.get_signature_runner(signature)(**inputs)
    for name, values in runner(**inputs).items():
        np.testing.assert_array_equal(values, expected[name])
    assert list(specialized.get_signature_list()) == [signature]


@pytest.mark.parametrize("name", ["canon_x4_colorchart_ml14bit.dng", "gopro_hero7.dng.xz"])
def test_real_files_are_read_alike(node: str, raw_data: Path, tmp_path: Path, name: str) -> None:
    """14 bits, packed, with a masked border; gain maps, a noise profile, two lights and a mirrored orientation."""
    file = tmp_path / "photo.dng"
    content = (raw_data / name).read_bytes()
    file.write_bytes(lzma.decompress(content) if name.endswith(".xz") else content)
    done = subprocess.run([node, FOLDER / "read.mjs", file], capture_output=True, text=True, check=True)
    found, raw = json.loads(done.stdout), read_raw(file)
    assert found["sha256"] == hashlib.sha256(raw.mosaic.astype("<u2").tobytes()).hexdigest()
    assert (found["cfa"], found["orientation"]) == (raw.cfa, raw.orientation)
    assert (found["blackLevel"], found["whiteLevel"]) == (list(raw.black_level), raw.white_level)
    assert found["wbGains"] == pytest.approx(raw.wb_gains, rel=1e-12)
    assert found["cameraToSrgb"] == pytest.approx(np.ravel(raw.camera_to_srgb).tolist(), rel=1e-9)
    assert found["gains"] == [gain_map.gains.ravel().tolist() for gain_map in raw.gain_maps]
    size = (raw.width_px, raw.height_px) if raw.crop is None else (raw.crop.width, raw.crop.height)
    assert (found["picture"]["width"], found["picture"]["height"]) == size


@pytest.mark.parametrize("planes", [1, 3])
def test_distortion_is_undone_alike(node: str, planes: int) -> None:
    rows = (
        (1.02, -0.08, 0.03, -0.01, 0.004, -0.003),
        (1.01, -0.07, 0.03, 0.0, 0.0, 0.0),
        (0.98, 0.05, 0.0, 0.0, 0.0, 0.0),
    )
    warp = WarpRectilinear(rows[:planes], 0.45, 0.52)
    rgb = np.random.default_rng(0).integers(0, 256, (37, 50, 3)).astype(np.uint8)
    given = {"width": 50, "rgb": rgb.ravel().tolist(), "coefficients": rows[:planes], "centerX": 0.45, "centerY": 0.52}
    command = [node, FOLDER / "undistort.mjs"]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    np.testing.assert_array_equal(json.loads(done.stdout), undistort(rgb, warp).ravel())
