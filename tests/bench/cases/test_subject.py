"""Models under test."""

from pathlib import Path

import pytest

from lwisp_bench.cases.subject import bundle_subject, file_subject
from lwisp_mobile.bundle.bundle import shipped_bundle
from lwisp_mobile.errors import ModelError, UsageError


def test_a_student_comes_with_its_contract_and_float_model() -> None:
    subject = bundle_subject("lwisp", "int8", 32, ())
    assert subject.contract == shipped_bundle().model("int8").contract
    assert subject.reference == shipped_bundle().read("fp16")
    with pytest.raises(UsageError, match="isn't a multiple of 16"):
        bundle_subject("lwisp", "int8", 40, ())


def test_files_that_are_not_models_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(b"nothing of the kind")
    for name in ("a.tflite", "b.tflite"):
        with pytest.raises(ModelError):
            file_subject(tmp_path / name, {})
