"""Plans keep their budgets, on paper; budgets that can't be kept are refused by size."""

from dataclasses import replace
from itertools import pairwise

import pytest

from lwisp_mobile import shipped_bundle
from lwisp_mobile.contract import ModelContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.frame.memory_model import PROCESS_BYTES, FrameSize, held_beside, live_tensors
from lwisp_mobile.frame.planner import plan_frame

TWELVE_MEGAPIXELS = FrameSize(1504, 2000, output_bytes=1)


def contract(precision: str = "int8") -> ModelContract:
    return shipped_bundle().model(precision).contract


@pytest.mark.parametrize("precision", ["int8", "fp16"])
@pytest.mark.parametrize("sides", [(16, 16), (1504, 2000), (3072, 4096), (16, 4000)])
@pytest.mark.parametrize("budget", [1_700_000_000, 3_000_000_000, 10_000_000_000])
@pytest.mark.parametrize("threads", [1, 2])
def test_plans_stay_in_their_budget(precision: str, sides: tuple[int, int], budget: int, threads: int) -> None:
    plan = plan_frame(contract(precision), FrameSize(*sides, output_bytes=1), budget, threads)
    assert plan.peak_bytes <= budget
    assert plan.macs < 1.6 * contract(precision).develop.macs_per_packed_px * sides[0] * sides[1]


@pytest.mark.parametrize("budget_mb", [300, 500, 900])
def test_what_finishing_takes_is_in_the_budget(budget_mb: int) -> None:
    """Little is free where buffers are all kept; much after the last stage where they aren't."""
    finishing = 3 * 4 * TWELVE_MEGAPIXELS.px + 16_000_000
    frame = replace(TWELVE_MEGAPIXELS, finishing_bytes=finishing)
    plan = plan_frame(contract(), frame, budget_mb * 10**6, threads=2)
    assert plan.peak_bytes <= budget_mb * 10**6
    assert plan.peak_bytes >= PROCESS_BYTES + 2 * 3 * 4 * TWELVE_MEGAPIXELS.px + 16_000_000
    assert plan.macs >= plan_frame(contract(), TWELVE_MEGAPIXELS, budget_mb * 10**6, threads=2).macs


def test_a_budget_without_room_for_finishing_is_refused() -> None:
    frame = replace(TWELVE_MEGAPIXELS, finishing_bytes=400_000_000)
    picture = 3 * 4 * TWELVE_MEGAPIXELS.px
    needed = PROCESS_BYTES + contract().interpreter_bytes + 8 * TWELVE_MEGAPIXELS.px + picture + 400_000_000
    with pytest.raises(UsageError, match=f"takes at least {needed / 1e6:.0f} MB"):
        plan_frame(contract(), frame, 500_000_000)


def test_room_for_everything_keeps_it_open() -> None:
    assert plan_frame(contract(), TWELVE_MEGAPIXELS, 2_000_000_000).keeps_open


@pytest.mark.parametrize(("budget_mb", "most_work"), [(235, 1.5), (300, 1.3), (500, 1.2)])
def test_12_megapixels_go_into_a_budget_with_little_more_work(budget_mb: int, most_work: float) -> None:
    plan = plan_frame(contract(), TWELVE_MEGAPIXELS, budget_mb * 10**6, threads=2)
    assert plan.mode == "tiles"
    assert [tiles.stage for tiles in plan.stages] == list(contract().stages)
    assert plan.macs / TWELVE_MEGAPIXELS.px < most_work * contract().develop.macs_per_packed_px


def test_more_memory_is_less_work() -> None:
    """Up to the budget from which buffers are kept: that saves loading, for a few more multiply-adds."""
    budgets = range(240, 700, 20)
    macs = [plan_frame(contract(), TWELVE_MEGAPIXELS, budget * 10**6).macs for budget in budgets]
    assert all(later <= 1.08 * earlier for earlier, later in pairwise(macs))
    assert macs[-1] < 0.9 * macs[0]


def test_a_small_frame_runs_whole_at_the_graphs_own_price() -> None:
    plan = plan_frame(contract(), FrameSize(64, 64, 4), None)
    assert [(tiles.stage, len(tiles.tiles)) for tiles in plan.stages] == [(contract().develop, 1)]
    assert plan.macs == 64 * 64 * contract().develop.macs_per_packed_px


def test_stages_of_any_name_are_planned() -> None:
    known = contract()
    stages = tuple(replace(stage, name=f"stage {place}") for place, stage in enumerate(known.stages))
    plan = plan_frame(replace(known, stages=stages), TWELVE_MEGAPIXELS, 500_000_000)
    assert [tiles.stage.name for tiles in plan.stages] == [f"stage {place}" for place in range(6)]


def test_a_budget_that_is_too_small_says_what_is_needed() -> None:
    with pytest.raises(UsageError, match=r"4000x3008 px takes at least (\d+) MB in int8; 100 MB are allowed") as caught:
        plan_frame(contract(), TWELVE_MEGAPIXELS, 100_000_000)
    needed = int(str(caught.value).split("at least ")[1].split()[0])
    assert needed <= 243
    assert plan_frame(contract(), TWELVE_MEGAPIXELS, (needed + 1) * 10**6).peak_bytes <= (needed + 1) * 10**6


def test_without_a_budget_what_is_free_is_the_limit() -> None:
    with pytest.raises(UsageError, match="102 MB are free"):
        plan_frame(contract(), TWELVE_MEGAPIXELS, None, find_free=lambda: 102_400_000)


def test_where_the_system_does_not_tell_nothing_is_refused() -> None:
    assert plan_frame(contract(), FrameSize(16_000, 16_000, 1), None, find_free=lambda: None).mode == "tiles"


def test_tensors_live_from_their_stage_to_their_last_reader() -> None:
    known = contract()
    wide = {*known.sample.outputs}
    live = [live_tensors(known.stages, place) - wide for place in range(len(known.stages))]
    assert live == [
        {"packed", "skip2"},
        {"packed", "skip2", "skip3"},
        {"packed", "skip2", "skip3", "skip4"},
        {"packed", "skip2", "skip3", "skip4", "upsampled3"},
        {"packed", "skip2", "skip3", "upsampled3", "upsampled2"},
        {"packed", "skip2", "upsampled2", "rgb"},
    ]
    first, *_, last = held_beside(known, TWELVE_MEGAPIXELS, known.stages, 1)
    # int8: packed 4, skip2 8, upsampled2 8, picture 12 values per px
    assert last - first == pytest.approx((4 + 8 + 8 + 12 - 4 - 8) * TWELVE_MEGAPIXELS.px)
