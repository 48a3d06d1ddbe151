"""Bundles: hashes come before parsing, and a bundle's files stay in its folder."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from lwisp_mobile.bundle.bundle import BUNDLE_VERSION, CONTRACT_FILE, Bundle, load_bundle, shipped_bundle, write_bundle
from lwisp_mobile.contract import METADATA_NAME, from_json
from lwisp_mobile.errors import BundleError, ContractError, ModelError
from lwisp_mobile.inspect.model_facts import read_metadata


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A copy of the shipped bundle, to be broken."""
    shutil.copytree(shipped_bundle().folder, tmp_path / "lwisp")
    return load_bundle(tmp_path / "lwisp")


@pytest.mark.parametrize("name", ["lwisp", "lwisp-lite"])
def test_the_shipped_bundle_is_whole(name: str) -> None:
    bundle = shipped_bundle(name)
    assert {model.contract.precision for model in bundle.models} == {"int8", "fp16"}
    for model in bundle.models:
        data = bundle.read(model.contract.precision)
        embedded = read_metadata(data, METADATA_NAME)
        assert embedded is not None
        assert from_json(embedded, model.file) == model.contract
        assert len(data) == model.bytes


def test_writing_gives_back_the_same_bundle(bundle: Bundle) -> None:
    before = (bundle.folder / CONTRACT_FILE).read_bytes()
    write_bundle(bundle)
    assert (bundle.folder / CONTRACT_FILE).read_bytes() == before


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "missing"])
def test_a_damaged_model_is_not_parsed(bundle: Bundle, damage: str) -> None:
    path = bundle.folder / bundle.model("int8").file
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes({"flip": bytes(data), "truncate": bytes(data[:1000]), "empty": b"", "missing": b""}[damage])
    if damage == "missing":
        path.unlink()
    with pytest.raises(BundleError, match="sha256 is" if damage != "missing" else "can't be read"):
        bundle.read("int8")


def test_a_model_whose_hash_fits_is_still_looked_at(bundle: Bundle) -> None:
    """Who can change the model can change its hash: the engine isn't given what isn't a sound .tflite."""
    path = bundle.folder / bundle.model("int8").file
    data = path.read_bytes()[:-1000]
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    _edit(bundle, lambda tree: tree["models"][0].update(file=path.name, sha256=sha256, bytes=len(data)))
    with pytest.raises(ModelError, match="is corrupt"):
        load_bundle(bundle.folder).read("int8")


def test_an_unknown_precision_or_name_says_what_there_is(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="it has: int8, fp16"):
        bundle.model("int4")
    with pytest.raises(BundleError, match="there are: lwisp, lwisp-lite"):
        shipped_bundle("other")


@pytest.mark.parametrize("name", ["../lwisp.int8.tflite", "/etc/passwd", "..", "", "sub/model.tflite"])
def test_a_bundle_can_not_point_outside_its_folder(bundle: Bundle, name: str) -> None:
    _edit(bundle, lambda tree: tree["models"][0].update(file=name))
    with pytest.raises(BundleError, match="isn't a plain file name"):
        load_bundle(bundle.folder)


@pytest.mark.parametrize("version", [0, BUNDLE_VERSION - 1])
def test_an_older_bundle_is_refused(bundle: Bundle, version: int) -> None:
    """No way back to a format with fewer checks."""
    _edit(bundle, lambda tree: tree.update(bundle_version=version))
    with pytest.raises(BundleError, match=f"bundle version {version} is older"):
        load_bundle(bundle.folder)


@pytest.mark.parametrize("version", [BUNDLE_VERSION + 1, -1, True, "1", 1.5, None])
def test_a_bundle_of_another_version_is_refused(bundle: Bundle, version: object) -> None:
    _edit(bundle, lambda tree: tree.update(bundle_version=version))
    with pytest.raises(BundleError, match="this release reads"):
        load_bundle(bundle.folder)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"bundle_version": 1}', '{"bundle_version": 9, "models": []}']
)
def test_a_broken_contract_is_named(bundle: Bundle, text: str) -> None:
    (bundle.folder / CONTRACT_FILE).write_text(text)
    with pytest.raises(BundleError, match=r"contract\.json"):
        load_bundle(bundle.folder)


def test_a_contract_of_the_future_is_refused(bundle: Bundle) -> None:
    _edit(bundle, lambda tree: tree["models"][0]["contract"].update(contract_version=99))
    with pytest.raises(ContractError, match="version 99"):
        load_bundle(bundle.folder)


def test_a_folder_without_a_contract(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="can't be read"):
        load_bundle(tmp_path)


def _edit(bundle: Bundle, change: object) -> None:
    path = bundle.folder / CONTRACT_FILE
    tree = json.loads(path.read_text())
    change(tree)  # type: ignore[operator]
    path.write_text(json.dumps(tree))
