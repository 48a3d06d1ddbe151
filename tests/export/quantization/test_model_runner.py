"""Opening a model."""

import pytest

from lwisp_export.quantization.model_runner import open_model
from lwisp_mobile.errors import ModelError


def test_no_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="LiteRT refuses the model"):
        open_model(b"not a model at all")
