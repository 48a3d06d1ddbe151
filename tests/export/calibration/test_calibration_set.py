"""Calibration sets as files: read as written, and refused when changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lwisp_export.calibration.calibration_set import load_set, write_set
from lwisp_export.student.input_contract import STUDENT_INPUT
from lwisp_mobile.errors import UsageError
from tests.export.calibration_sets import FRAMES, calibration_set


def test_a_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = calibration_set(FRAMES[:2])
    write_set(tmp_path, found)
    again = load_set(tmp_path, STUDENT_INPUT)
    assert again.manifest == found.manifest
    for first, second in zip(found.tiles, again.tiles):
        assert first.name == second.name
        np.testing.assert_array_equal(first.packed, second.packed)


def test_a_changed_set_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path, calibration_set(FRAMES[:2]))
    with pytest.raises(UsageError, match="prepared for another student"):
        load_set(tmp_path, replace(STUDENT_INPUT, curve_offset=0.01))
    values = np.load(tmp_path / "tiles.npy")
    values[1, 0, 0, 0] += 1
    np.save(tmp_path / "tiles.npy", values)
    with pytest.raises(UsageError, match="doesn't match its hash"):
        load_set(tmp_path, STUDENT_INPUT)
    np.save(tmp_path / "tiles.npy", values[1:])
    with pytest.raises(UsageError, match="the manifest needs uint16"):
        load_set(tmp_path, STUDENT_INPUT)
    (tmp_path / "calibration.json").write_text('{"manifest_version": 9}')
    with pytest.raises(UsageError, match="manifest version 9"):
        load_set(tmp_path, STUDENT_INPUT)
