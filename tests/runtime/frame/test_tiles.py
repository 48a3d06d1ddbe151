"""Tiles: pure geometry, and the property it is for: tiles give what the whole frame gives, bit for bit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lwisp_mobile import Developer, RawImage, Session, shipped_bundle
from lwisp_mobile.contract import StageContract
from lwisp_mobile.frame.buffers import PackedMap
from lwisp_mobile.frame.global_context import context_sample
from lwisp_mobile.frame.memory_model import FrameSize
from lwisp_mobile.frame.planner import FramePlan
from lwisp_mobile.frame.tiles import Tile, TilePlan, lay_tiles, plan_tiles, smallest_tile_px, split_side
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.cfa import CFA_ORDERS

STAGE = StageContract("core", halo_px=88, multiple_px=8, macs_per_packed_px=48_000, values_per_packed_px=8)


@given(
    st.integers(1, 400),
    st.sampled_from([(0, 1), (3, 1), (8, 2), (5, 2), (10, 4), (28, 8), (88, 8), (112, 16)]),
    st.data(),
)
def test_kept_parts_lie_end_to_end_and_have_their_halo(
    units: int, geometry: tuple[int, int], data: st.DataObject
) -> None:
    halo, multiple = geometry
    side = units * 16
    tile = multiple * data.draw(st.integers(2 * halo // multiple + 1, max(2 * halo, side) // multiple + 1))
    spans = split_side(side, min(tile, side), halo)
    assert (spans[0].keep_start, spans[-1].keep_stop) == (0, side)
    assert all(before.keep_stop == after.keep_start for before, after in pairwise(spans))
    for span in spans:
        assert span.stop - span.start == min(tile, side)
        assert span.keep_start < span.keep_stop
        assert span.start == 0 or span.keep_start - span.start >= halo
        assert span.stop == side or span.stop - span.keep_stop >= halo
        assert not any(place % multiple for place in (span.start, span.stop))
        assert not any((place - halo) % multiple for place in (span.keep_start, span.keep_stop) if 0 < place < side)


def test_a_side_that_fits_is_one_tile() -> None:
    (span,) = split_side(1504, 1504, 88)
    assert (span.start, span.stop, span.keep_start, span.keep_stop) == (0, 1504, 0, 1504)


@given(st.integers(1, 250), st.integers(1, 250), st.integers(1, 1000))
@settings(max_examples=30)
def test_plans_keep_their_limit_and_more_memory_never_costs_more(high: int, wide: int, megabytes: int) -> None:
    height, width, limit = 16 * high, 16 * wide, megabytes * 10**6
    plan = plan_tiles(STAGE, height, width, 170, limit)
    if plan is None:
        assert smallest_tile_px(STAGE, height, width) * 170 > limit
        return
    assert plan.run_bytes <= limit
    larger = plan_tiles(STAGE, height, width, 170, 2 * limit)
    assert larger is not None
    assert larger.cost <= plan.cost


def test_a_small_frame_is_one_tile() -> None:
    plan = plan_tiles(STAGE, 304, 400, 170, 1e9)
    assert plan is not None
    assert (len(plan.tiles), plan.height_px, plan.width_px) == (1, 304, 400)
    assert plan.macs == 304 * 400 * 48_000


@pytest.fixture(scope="module")
def int8() -> Iterator[Developer]:
    with Developer(shipped_bundle(), threads=2) as developer:
        yield developer


@pytest.fixture(scope="module")
def fp16() -> Iterator[Developer]:
    with Developer(shipped_bundle(), precision="fp16", threads=2) as developer:
        yield developer


def noisy(height: int, width: int, cfa: str) -> RawImage:
    """A made frame: a gradient, waves, noise and a clipped patch."""
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(height * width)
    light = 300 + x + 250 * np.sin(x / 31) * np.cos(y / 47) + rng.normal(0, 25, (height, width))
    light[height // 3 : height // 3 + 40, width // 2 : width // 2 + 40] = 9000
    matrix = ((1.7, -0.5, -0.2), (-0.3, 1.65, -0.35), (0.02, -0.55, 1.53))
    return RawImage(np.clip(light, 0, 4095).astype(np.uint16), cfa, (64.0,) * 4, 4095.0, (2.0, 1.0, 1.5), matrix)


def whole(session: Session, raw: RawImage) -> np.ndarray:
    """The frame by one run of "develop", with the same context."""
    packed = prepare(raw, session.contract.input)
    context = session.context(context_sample(packed.planes, session.contract.context))
    rgb = session.develop(packed.planes, context)
    return rgb[packed.top_px :, packed.left_px :][: raw.height_px, : raw.width_px]


def small_tiles(monkeypatch: pytest.MonkeyPatch, height: int, width: int, *, lean: bool = False) -> None:
    """Plan with tiles near these sizes, whatever would be cheapest."""

    def plan(contract: object, frame: FrameSize, max_bytes: int | None, threads: int) -> FramePlan:
        shipped = shipped_bundle().model("int8").contract
        stages = shipped.lean_stages if lean else shipped.stages
        laid = tuple(_laid(stage, frame, height, width) for stage in stages)
        # Both kinds of plan are met.
        return FramePlan("tiles", laid, 0, keeps_open=frame.width_px % 32 == 0, lanes=threads)

    monkeypatch.setattr("lwisp_mobile.frame.developer.plan_frame", plan)


def _laid(stage: StageContract, frame: FrameSize, height: int, width: int) -> TilePlan:
    least = 2 * stage.halo_px + stage.multiple_px
    sides = tuple(min(side, least + wanted) for side, wanted in ((frame.height_px, height), (frame.width_px, width)))
    return lay_tiles(stage, frame.height_px, frame.width_px, 0, (sides[0], sides[1]))


@given(
    st.tuples(st.integers(2, 700), st.integers(2, 700)),
    st.sampled_from(CFA_ORDERS),
    st.tuples(st.sampled_from([0, 24, 96]), st.sampled_from([0, 48]), st.booleans()),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_int8_tiles_are_the_whole_frame_bit_for_bit(
    int8: Developer, monkeypatch: pytest.MonkeyPatch, sides: tuple[int, int], cfa: str, tile: tuple[int, int, bool]
) -> None:
    raw = noisy(*sides, cfa)
    small_tiles(monkeypatch, *tile[:2], lean=tile[2])
    assert np.array_equal(int8.develop(raw), whole(int8.session, raw))


@pytest.mark.parametrize(("height", "width", "cfa"), [(301, 655, "GBRG"), (512, 512, "RGGB")])
def test_float_tiles_are_the_whole_frame(
    fp16: Developer, monkeypatch: pytest.MonkeyPatch, height: int, width: int, cfa: str
) -> None:
    raw = noisy(height, width, cfa)
    small_tiles(monkeypatch, 48, 48)
    assert np.abs(fp16.develop(raw) - whole(fp16.session, raw)).max() <= 1e-5


def test_half_the_halo_would_show(int8: Developer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above would notice a halo that is too narrow, in every stage."""
    raw = noisy(700, 700, "RGGB")
    reference = whole(int8.session, raw)
    stages = int8.session.contract.stages
    for index, stage in enumerate(stages):
        narrow = [*stages]
        narrow[index] = replace(stage, halo_px=stage.halo_px // 2 // stage.multiple_px * stage.multiple_px)
        laid = tuple(_laid(s, FrameSize(352, 352, 4), 24, 24) for s in narrow)
        plan = FramePlan("tiles", laid, 0, keeps_open=False)
        monkeypatch.setattr("lwisp_mobile.frame.developer.plan_frame", lambda *_arguments, plan=plan: plan)
        assert not np.array_equal(int8.develop(raw), reference), stage.signature


def test_packed_planes_are_prepared_once_before_their_tiles() -> None:
    prepared = []

    def prepare_rows(rows: np.ndarray, top_px: int) -> None:
        prepared.append((top_px, len(rows)))
        rows[...] = np.arange(top_px, top_px + len(rows))[:, None, None]

    packed = PackedMap(np.full((400, 32, 4), -1, np.int32), prepare_rows)
    tiles = [Tile(rows, columns) for rows in split_side(400, 64, 8) for columns in split_side(32, 32, 0)]
    with ThreadPoolExecutor(3) as lanes:
        for tile, codes in zip(tiles, lanes.map(packed.cut, tiles)):
            assert np.array_equal(codes[0, :, 0, 0], np.arange(tile.rows.start, tile.rows.stop))
    assert [top for top, _ in prepared] == [0, *accumulate(rows for _, rows in prepared)][:-1]
    assert sum(rows for _, rows in prepared) == 400


def test_no_seam_on_a_smooth_gradient(int8: Developer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps from pixel to pixel are no larger at the tiles' borders than elsewhere."""
    y, x = np.mgrid[0:600, 0:800]
    mosaic = (200 + 2 * x + y).astype(np.uint16)
    raw = RawImage(mosaic, "RGGB", (0.0,) * 4, 4095.0, (1.01, 1.0, 1.0), None)
    small_tiles(monkeypatch, 40, 40)
    steps = np.abs(np.diff(int8.develop(raw)[16:-16, 16:-16], axis=1)).max(axis=(0, 2))
    assert steps.max() <= np.median(steps) + 3 / 256
