"""A bundle whose calibration.json isn't of its INT8 is found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lwisp_export.verification.provenance_check import check_provenance
from lwisp_mobile import load_bundle, shipped_bundle
from lwisp_mobile.bundle.bundle import shipped_names
from lwisp_mobile.errors import ModelError


@pytest.mark.parametrize("name", shipped_names())
def test_the_shipped_bundles_say_what_made_their_int8(name: str) -> None:
    found = check_provenance(shipped_bundle(name))
    assert (found.ranges, found.tiles_for, found.calibration) == ("trained", (), None)


def _claim_tiles(tree: dict[str, Any]) -> None:
    tree["tiles_sha256"] = 64 * "0"


def _old_format(tree: dict[str, Any]) -> None:
    tree.clear()
    tree["manifest_version"] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [(_claim_tiles, "made with no calibration tiles, the file says tiles 0000"), (_old_format, "unknown key")],
)
def test_a_false_claim_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(shipped_bundle("lwisp-lite").folder, folder)
    tree = json.loads((folder / "calibration.json").read_text())
    change(tree)
    (folder / "calibration.json").write_text(json.dumps(tree))
    with pytest.raises(ModelError, match=message):
        check_provenance(load_bundle(folder))
    (folder / "calibration.json").unlink()
    with pytest.raises(ModelError, match="is missing, so nothing says what made the INT8"):
        check_provenance(load_bundle(folder))
