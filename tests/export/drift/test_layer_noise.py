"""Noise of layers: some in INT8, none where equalisation alone changed a layer's scale."""

from lwisp_export.drift.layer_noise import measure_layers
from lwisp_export.quantization.equalization import equalize
from lwisp_export.synthesis.tiles import Tile
from tests.export.chain_models import calibration_tiles, float_graph, float_model, int8_model, tile


def test_layers_have_noise_in_int8_and_none_in_the_equalised_model() -> None:
    tiles = [Tile("t", tile(20, 32, 32))]
    noisy = measure_layers(float_model(), int8_model(), tiles)
    assert len(noisy) == 112
    figures = [layer.sqnr_db for layer in noisy if layer.sqnr_db is not None]
    assert 80 < len(figures) < 112 - 16
    assert 5 < min(figures) < max(figures) < 70
    equal = measure_layers(float_model(), equalize(float_graph(), calibration_tiles(), 0.75).pack(), tiles)
    assert all(layer.sqnr_db is None or layer.sqnr_db > 90 for layer in equal)
