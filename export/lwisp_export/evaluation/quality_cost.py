"""Quality against cost: every model's and method's PSNR by ISO, and the multiply-adds that it takes for a pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

from lwisp_export.evaluation.method_scores import MethodScores
from lwisp_mobile.bundle.bundle import Bundle

CHART_ISOS = (1, 100, 800, 3200)
PYNET_MACS_PER_PX = 342.1e9 / 448**2
"""PyNET level 0 at 448x448, convolutions alone (`lwisp bench paper`)."""


@dataclass(frozen=True)
class QualityCost:
    """One method."""

    scores: MethodScores
    macs_per_px: float | None
    """Multiply-adds per pixel of the picture; None of a classical method, which has no network."""

    def psnr_db(self, iso: int) -> float:
        """Mean over the pictures at one of CHART_ISOS."""
        return self.scores.mean_psnr_db((iso,))


def with_costs(
    results: Sequence[MethodScores], bundles: Sequence[Bundle], others: dict[str, float]
) -> list[QualityCost]:
    """Each method's scores and cost: of bundles by their contracts, of others by name; classical ones have none."""
    costs = dict(others)
    for bundle in bundles:
        for model in bundle.models:
            contract = model.contract
            costs[f"{bundle.name} {contract.precision}"] = contract.macs_per_packed_px / contract.output_scale**2
    return [QualityCost(result, costs.get(result.method)) for result in results]
