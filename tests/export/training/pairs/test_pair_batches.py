"""Batches of every kind of pair set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from numpy.typing import NDArray

from lwisp_export.training.batches import Share, batches
from lwisp_export.training.pairs.file_pairs import FilePairs
from lwisp_export.training.pairs.lol import open_lol
from lwisp_export.training.pairs.pair_batches import PairBatches, whole_pairs
from lwisp_export.training.pairs.pair_set import PairSet


@pytest.mark.parametrize(("name", "planes", "scale"), [("zrr", 4, 2), ("sidd", 3, 1), ("lol", 3, 1), ("made", 3, 1)])
def test_batches_depend_on_seed_and_step_alone(
    pair_sets: dict[str, PairSet], name: str, planes: int, scale: int
) -> None:
    source = PairBatches(pair_sets[name], patch_px=64, batch=3, seed=1, steps=9)
    first, again, other = source[7], source[7], source[8]
    from_worker = next(batches(source, 7, workers=1))
    assert torch.equal(first.input, again.input)
    assert torch.equal(first.input, from_worker.input)
    assert torch.equal(first.truth, from_worker.truth)
    assert not torch.equal(first.truth, other.truth)
    assert not torch.equal(first.truth, replace(source, seed=2)[7].truth)
    assert first.input.shape == (3, planes, 64 // scale, 64 // scale)
    assert first.truth.shape == (3, 3, 64, 64)
    assert all(side.dtype == torch.float32 and 0 <= side.min() <= side.max() <= 1 for side in first[:2])
    assert first.context is None


@pytest.mark.parametrize("crops_per_picture", [1, 2])
def test_processes_share_a_batch(pair_sets: dict[str, PairSet], crops_per_picture: int) -> None:
    source = PairBatches(pair_sets["lol"], 32, batch=8, seed=1, steps=1, crops_per_picture=crops_per_picture)
    shares = [replace(source, share=Share(index, 2))[0].truth for index in range(2)]
    pictures = [
        patch for pair in zip(*(share.split(crops_per_picture) for share in shares), strict=True) for patch in pair
    ]
    assert torch.equal(torch.cat(pictures), source[0].truth)


def test_several_crops_are_cut_from_a_picture_read_once(lol: Path) -> None:
    reads: list[Path] = []
    pairs = open_lol(lol)

    def counted(path: Path) -> NDArray[Any]:
        reads.append(path)
        return pairs.format.read(path)

    source = PairBatches(replace(pairs, format=replace(pairs.format, read=counted)), 32, batch=7, seed=0, steps=1)
    assert replace(source, crops_per_picture=3)[0].input.shape[0] == 7
    assert len(reads) == 3


@pytest.mark.parametrize(
    ("name", "kinds", "size"),
    [
        ("zrr", {"test": 3}, (128, 128)),
        ("sidd", {"iso800": 2}, (112, 128)),
        ("lol", {"eval15": 2}, (112, 128)),
        ("made", {"iso100": 1, "iso800": 1, "iso3200": 1}, (112, 128)),
    ],
)
def test_validation_pictures_are_whole_and_always_the_same(
    pair_sets: dict[str, PairSet], name: str, kinds: dict[str, int], size: tuple[int, int]
) -> None:
    first, again = (tuple(whole_pairs(pair_sets[name])) for _ in range(2))
    assert {kind: sum(pair.kind == kind for pair in first) for kind in kinds} == kinds
    assert len(first) == sum(kinds.values())
    assert all(pair.truth.shape == (1, 3, *size) for pair in first)
    assert all(torch.equal(a.input, b.input) and torch.equal(a.truth, b.truth) for a, b in zip(first, again))


def test_validation_is_never_trained_on(pair_sets: dict[str, PairSet]) -> None:
    for name in ("zrr", "sidd", "lol"):
        pairs = pair_sets[name]
        assert isinstance(pairs, FilePairs)
        assert not {files.truth for files in pairs.training} & {files.truth for files in pairs.validation}
