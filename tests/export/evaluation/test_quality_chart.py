"""Quality against cost, as numbers and as a chart."""

import xml.etree.ElementTree as ET

import pytest

from lwisp_export.evaluation.method_scores import MethodScores, Score
from lwisp_export.evaluation.quality_chart import draw_chart
from lwisp_export.evaluation.quality_cost import CHART_ISOS, QualityCost, with_costs
from lwisp_mobile import shipped_bundle

SVG = "{http://www.w3.org/2000/svg}"


def scores(method: str, psnr_db: float) -> MethodScores:
    return MethodScores(method, tuple(Score(iso, psnr_db - place, 0.9, 3.0, 5) for place, iso in enumerate(CHART_ISOS)))


def methods() -> list[QualityCost]:
    results = [scores("lwisp fp16", 35), scores("lwisp int8", 34.9), scores("<peer>, oracle", 40), scores("Menon", 33)]
    return with_costs(results, [shipped_bundle()], {"<peer>, oracle": 150_000.0})


def test_costs_are_the_contracts_per_pixel_of_the_picture() -> None:
    float_, int8, peer, menon = methods()
    assert float_.macs_per_px == int8.macs_per_px == pytest.approx(5.203e9 / 448**2, rel=1e-3)
    assert (peer.macs_per_px, menon.macs_per_px) == (150_000.0, None)
    assert [float_.psnr_db(iso) for iso in CHART_ISOS] == [35, 34, 33, 32]


def test_each_panel_shows_every_method_above_the_worse() -> None:
    panels = ET.fromstring(draw_chart(methods(), "5 photographs")).findall(f"{SVG}g")
    assert [panel.findtext(f"{SVG}text") for panel in panels] == [f"ISO {iso}" for iso in CHART_ISOS]
    for place, panel in enumerate(panels):
        dots = {dot.findtext(f"{SVG}title"): dot for dot in panel.findall(f"{SVG}circle")}
        assert {*dots} == {"lwisp fp16", "lwisp int8", "<peer>, oracle"}
        assert [float(dots[name].get("cy", "")) for name in ("<peer>, oracle", "lwisp fp16", "lwisp int8")] == sorted(
            float(dot.get("cy", "")) for dot in dots.values()
        )
        float_, int8, peer = (
            float(dots[name].get("cx", "")) for name in ("lwisp fp16", "lwisp int8", "<peer>, oracle")
        )
        assert float_ == int8 < peer
        assert {"dot hollow"} == {dots["lwisp int8"].get("class")}
        words = [text.text for text in panel.findall(f"{SVG}text")]
        assert words.count("lwisp") == 1
        assert f"Menon {33 - place:.1f}" in words
        assert "PyNET" in words
