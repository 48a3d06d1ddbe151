"""Tiles: pure geometry, and the property it is for: tiles give what the whole frame gives, bit for bit."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lwisp_mobile import Developer, RawImage, Session, shipped_bundle
from lwisp_mobile.contract import SignatureContract
from lwisp_mobile.frame.developer import DevelopOptions
from lwisp_mobile.frame.executor import Executor, run_concurrently, run_sequentially
from lwisp_mobile.frame.global_context import context_sample
from lwisp_mobile.frame.planner import FramePlan
from lwisp_mobile.frame.tiles import TilePlan, lay_tiles, plan_tiles, smallest_tile_px, split_side
from lwisp_mobile.preprocess.prepare import prepare
from lwisp_mobile.raw.cfa import CFA_ORDERS

STAGE = SignatureContract(
    "core",
    ("packed",),
    ("rgb",),
    halo_px=88,
    multiple_px=8,
    macs_per_packed_px=48_000,
    bytes_per_packed_px=170,
    shared_bytes_per_packed_px=40,
)


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
    plan = plan_tiles(STAGE, height, width, limit)
    if plan is None:
        assert smallest_tile_px(STAGE, height, width) * 170 > limit
        return
    assert plan.run_bytes <= limit
    larger = plan_tiles(STAGE, height, width, 2 * limit)
    assert larger is not None
    assert larger.cost <= plan.cost


def test_a_small_frame_is_one_tile() -> None:
    plan = plan_tiles(STAGE, 304, 400, 1e9)
    assert plan is not None
    assert (len(plan.tiles), plan.height_px, plan.width_px) == (1, 304, 400)
    assert plan.macs == 304 * 400 * 48_000


@pytest.fixture(scope="module")
def int8() -> Iterator[Developer]:
    with Developer(shipped_bundle(), precision="int8", threads=2) as developer:
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
    """The frame by one run of `develop`, with the same context."""
    packed = prepare(raw, session.contract.input)
    rgb = session.develop(packed.planes, session.context(context_sample(packed.planes, session.contract)))
    return rgb[packed.top_px :, packed.left_px :][: raw.height_px, : raw.width_px]


def tiled(
    developer: Developer,
    raw: RawImage,
    tile: tuple[int, int],
    *,
    stages: tuple[SignatureContract, ...] = (),
    keeps_open: bool = True,
    execute: Executor = run_concurrently,
) -> np.ndarray:
    """The frame in tiles near this size, whatever would be cheapest. stages: others than the contract's."""
    packed = prepare(raw, developer.session.contract.input).planes
    laid = tuple(lay(stage, packed.shape[:2], tile) for stage in stages or developer.session.contract.stages)
    plan = FramePlan("tiles", laid, 0, keeps_open=keeps_open, workers=2)
    return developer.run(raw, DevelopOptions(), np.float32, plan=plan, execute=execute).rgb


def lay(stage: SignatureContract, frame: tuple[int, ...], tile: tuple[int, int]) -> TilePlan:
    least = 2 * stage.halo_px + stage.multiple_px
    height, width = (min(side, least + wanted) for side, wanted in zip(frame, tile))
    return lay_tiles(stage, frame[0], frame[1], (height, width), workers=2)


@given(
    st.tuples(st.integers(2, 500), st.integers(2, 500)),
    st.sampled_from(CFA_ORDERS),
    st.tuples(st.sampled_from([0, 24, 96]), st.sampled_from([0, 48])),
    st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_int8_tiles_are_the_whole_frame_bit_for_bit(
    int8: Developer, sides: tuple[int, int], cfa: str, tile: tuple[int, int], keeps_open: bool
) -> None:
    raw = noisy(*sides, cfa)
    reference = whole(int8.session, raw)
    for execute in (run_concurrently, run_sequentially):
        assert np.array_equal(tiled(int8, raw, tile, keeps_open=keeps_open, execute=execute), reference)


@pytest.mark.parametrize(("height", "width", "cfa"), [(301, 655, "GBRG"), (512, 512, "RGGB")])
def test_float_tiles_are_the_whole_frame(fp16: Developer, height: int, width: int, cfa: str) -> None:
    raw = noisy(height, width, cfa)
    assert np.abs(tiled(fp16, raw, (48, 48)) - whole(fp16.session, raw)).max() <= 1e-5


def test_half_the_halo_would_show(int8: Developer) -> None:
    """The comparison above would notice a halo that is too narrow, in every stage."""
    raw = noisy(500, 500, "RGGB")
    reference = whole(int8.session, raw)
    stages = int8.session.contract.stages
    for index, stage in enumerate(stages):
        narrow = [*stages]
        narrow[index] = replace(stage, halo_px=stage.halo_px // 2 // stage.multiple_px * stage.multiple_px)
        found = tiled(int8, raw, (24, 24), stages=tuple(narrow), keeps_open=False)
        assert not np.array_equal(found, reference), stage.name


@pytest.mark.parametrize("budget_mb", [150, 220, 6000])
def test_the_budget_does_not_change_the_picture(int8: Developer, budget_mb: int) -> None:
    """Frames of changing size and plan, one after the other."""
    for sides in ((501, 640), (700, 902)):
        raw = noisy(*sides, "GRBG")
        found = int8.run(raw, DevelopOptions(max_memory_bytes=budget_mb * 10**6), np.float32)
        assert np.array_equal(found.rgb, whole(int8.session, raw)), found.plan


def test_no_seam_on_a_smooth_gradient(int8: Developer) -> None:
    """Steps from pixel to pixel are no larger at the tiles' borders than elsewhere."""
    y, x = np.mgrid[0:600, 0:800]
    mosaic = (200 + 2 * x + y).astype(np.uint16)
    raw = RawImage(mosaic, "RGGB", (0.0,) * 4, 4095.0, (1.01, 1.0, 1.0), None)
    steps = np.abs(np.diff(tiled(int8, raw, (40, 40))[16:-16, 16:-16], axis=1)).max(axis=(0, 2))
    assert steps.max() <= np.median(steps) + 3 / 256
