"""Range estimators on histograms and on a model."""

import numpy as np
import pytest

from lwisp_export.quantization.estimators import Histogram, estimate_ranges, least_error_range, percentile_range
from lwisp_export.quantization.ranges import Range, measure_ranges
from tests.export.chain_models import float_graph
from tests.export.quantization.prepared_models import UNSEEN


def test_estimators_on_a_rare_outlier() -> None:
    counts = np.zeros(2048, np.int64)
    counts[:205] = 10_000  # up to 1.0 of 10
    counts[-1] = 3
    histogram = Histogram(Range(0.0, 10.0), counts)
    assert percentile_range(histogram, 99.99) == Range(0.0, pytest.approx(1.0, abs=0.01))
    assert percentile_range(histogram, 100.0) == Range(0.0, 10.0)
    assert least_error_range(histogram).high < 10.0
    uniform = Histogram(Range(-1.0, 1.0), np.ones(2048, np.int64))
    assert least_error_range(uniform) == Range(-1.0, 1.0)


def test_estimators_on_a_model_stay_within_its_extremes() -> None:
    extremes = measure_ranges(float_graph(), UNSEEN)
    for estimator in ("percentile", "mse"):
        found = estimate_ranges(float_graph(), UNSEEN, estimator, 99.0)
        assert found.keys() == extremes.keys()
        assert all(
            extremes[name].low - 1e-6 <= r.low <= 0 <= r.high <= extremes[name].high + 1e-6 for name, r in found.items()
        )
        assert any(found[name].high < 0.95 * extremes[name].high for name in found)
    assert estimate_ranges(float_graph(), UNSEEN, "minmax", 99.0) == extremes
