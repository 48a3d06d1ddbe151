"""The public API: its names are locked, and its types are what mypy, which checks this file, says they are."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import assert_type

import numpy as np
import pytest
from numpy.typing import NDArray

import lwisp_mobile
from lwisp_mobile import Developer, LwispError, errors, load_bundle, read_raw, shipped_bundle, write_picture
from lwisp_mobile.bundle.archive import read_all, write_archive

NAMES = [
    "Bundle",
    "BundleError",
    "CfaError",
    "ContractError",
    "DelegateError",
    "DevelopOptions",
    "Developer",
    "ImageError",
    "LwispError",
    "MissingExtraError",
    "ModelContract",
    "ModelError",
    "NoiseProfile",
    "NonFiniteError",
    "RawError",
    "RawFormatError",
    "RawHints",
    "RawImage",
    "SandboxError",
    "Session",
    "SignatureError",
    "Target",
    "UnsupportedSensorError",
    "UsageError",
    "WhiteBalanceError",
    "__version__",
    "develop",
    "develop_file",
    "load_bundle",
    "prepare",
    "read_raw",
    "shipped_bundle",
    "write_picture",
]


def test_the_names_are_locked() -> None:
    assert lwisp_mobile.__all__ == NAMES == sorted(NAMES) == dir(lwisp_mobile)
    assert all(getattr(lwisp_mobile, name).__doc__ for name in NAMES)
    with pytest.raises(AttributeError, match="no attribute 'Sesion'"):
        getattr(lwisp_mobile, "Sesion")  # noqa: B009  a name that isn't there, past mypy


def test_every_error_can_be_caught_by_name() -> None:
    tree = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LwispError)}
    assert tree == {name for name in NAMES if name.endswith("Error")}


def test_the_error_tree_is_drawn_as_it_is() -> None:
    """Each error stands in the module's picture of the tree, below its base."""
    drawn = re.findall(r"^([│ ├└─]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    depths = {name: len(branches) // 4 for branches, name in drawn}
    for name, depth in depths.items():
        assert depth == len(getattr(errors, name).__mro__) - len(LwispError.__mro__), name
    assert depths.keys() == {name for name in NAMES if name.endswith("Error")}


def test_the_version_is_the_distributions() -> None:
    assert lwisp_mobile.__version__ == version("lwisp-mobile")


def test_importing_loads_nothing_heavy() -> None:
    """Names are imported at their first use: `lwisp --help` and decoding processes need few of them."""
    code = "import lwisp_mobile, sys; print(*(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"PIL", "ai_edge_litert", "email", "numpy", "rawpy", "tqdm", "zipfile"} & set(done.stdout.split())


def test_pictures_have_the_type_that_is_asked_for(sample_dng: Path) -> None:
    raw = read_raw(str(sample_dng))
    with Developer("lwisp-lite") as developer:
        float32 = assert_type(developer.develop(raw), NDArray[np.float32])
        uint8 = assert_type(developer.develop(sample_dng, dtype=np.uint8), NDArray[np.uint8])
        uint16 = assert_type(developer.develop(str(sample_dng), dtype=np.uint16), NDArray[np.uint16])
        with pytest.raises(lwisp_mobile.UsageError, match="int32"):
            developer.develop(raw, dtype=np.int32)  # type: ignore[type-var]
    assert [rgb.dtype.name for rgb in (float32, uint8, uint16)] == ["float32", "uint8", "uint16"]
    assert np.array_equal(uint8, np.rint(float32 * 255))


def test_one_call_is_a_developer_s_picture(sample_dng: Path, tmp_path: Path) -> None:
    picture = assert_type(lwisp_mobile.develop(sample_dng, bundle="lwisp-lite", dtype=np.uint8), NDArray[np.uint8])
    assert_type(lwisp_mobile.develop(str(sample_dng), bundle="lwisp-lite"), NDArray[np.float32])
    with Developer("lwisp-lite") as developer:
        assert np.array_equal(developer.develop(sample_dng, dtype=np.uint8), picture)
    developed = lwisp_mobile.develop_file(str(sample_dng), str(tmp_path / "a.png"), bundle="lwisp-lite")
    assert (developed.source, developed.output) == (sample_dng, tmp_path / "a.png")
    assert (developed.width_px, developed.height_px) == (511, 512)
    write_picture(str(tmp_path / "b.png"), picture, read_raw(sample_dng).info)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_bundle_by_name_path_or_itself(tmp_path: Path) -> None:
    shipped = shipped_bundle("lwisp-lite")
    write_archive(tmp_path / "lite.zip", read_all(shipped.folder))
    assert load_bundle(str(shipped.folder)) == shipped
    for bundle in ("lwisp-lite", shipped, shipped.folder, tmp_path / "lite.zip", str(tmp_path / "lite.zip")):
        with Developer(bundle, precision="int8") as developer:
            assert developer.session.contract == shipped.model("int8").contract
