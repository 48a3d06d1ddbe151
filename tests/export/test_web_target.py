"""What `lwisp export --target web` writes."""

import hashlib
import json
from pathlib import Path

import pytest

from lwisp_export.web_target import write_web_models
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import UsageError
from lwisp_mobile.tflite.graph import Graph


def test_manifest_names_the_files_and_how_to_feed_them(tmp_path: Path) -> None:
    bundle = shipped_bundle("lwisp-lite")
    contract = bundle.model("int8").contract
    write_web_models(tmp_path / "web", {"int8": Graph.parse(bundle.read("int8"))}, contract, packed_px=32)
    manifest = json.loads((tmp_path / "web" / "web.json").read_text(encoding="utf-8"))
    (model,) = manifest["models"]
    data = (tmp_path / "web" / model["file"]).read_bytes()
    assert model["file"] == "lwisp-lite.int8.32.tflite"
    assert (model["sha256"], model["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (model["input"], model["output"], model["packed_px"]) == ("packed", "rgb", 32)
    assert manifest["input"]["color_shift"] == contract.input.color_shift
    assert manifest["rendered_tone"] == contract.rendered_tone


def test_sizes_that_no_tile_has_are_refused(tmp_path: Path) -> None:
    contract = shipped_bundle("lwisp-lite").model("int8").contract
    with pytest.raises(UsageError, match="multiple of 16"):
        write_web_models(tmp_path, {}, contract, packed_px=40)
