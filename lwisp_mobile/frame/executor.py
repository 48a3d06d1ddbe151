"""One frame from planes to picture by its plan: the context, then every stage over its tiles."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any, TypeVar

import numpy as np

from lwisp_mobile.contract import ModelContract, TensorSpec
from lwisp_mobile.engine.session import Context, Session, quantise
from lwisp_mobile.engine.signature import Codes, Signature
from lwisp_mobile.frame.buffers import FeatureMap, PackedMap, PictureMap
from lwisp_mobile.frame.global_context import Planes, gather_sample
from lwisp_mobile.frame.memory_model import ways_of
from lwisp_mobile.frame.pipeline import Clock, Part, StageTime, run_parts
from lwisp_mobile.frame.planner import FramePlan
from lwisp_mobile.frame.synchronization import Arrivals, Missing
from lwisp_mobile.frame.tiles import Tile, TilePlan

P = TypeVar("P")
T = TypeVar("T")


def run_frame(session: Session, planes: Planes, plan: FramePlan, picture: PictureMap) -> tuple[StageTime, ...]:
    """Develop a frame into `picture`, by the plan's lanes. Returns the time of the context and of each stage, in order.

    One signature's buffers are held at a time, unless the plan keeps all open; then the first stages that don't need
    the context run beside it, and no lane waits at the end of a stage. Raises ModelError if LiteRT fails,
    NonFiniteError if a float model gives NaN or infinity.
    """
    with ThreadPoolExecutor(plan.lanes, "lane") as lanes:
        frame = _Frame(session, planes, plan, picture, lanes)
        frame.begin()
        groups = [plan.stages] if plan.keeps_open else [(stage,) for stage in plan.stages]
        stages = [time for group in groups for time in frame.run(group)]
        frame.end()
        return (frame.context_time, *stages)


class _Frame:
    """The maps of one frame that is being developed."""

    def __init__(
        self, session: Session, planes: Planes, plan: FramePlan, picture: PictureMap, lanes: ThreadPoolExecutor
    ) -> None:
        contract = session.contract
        self._session, self._planes, self._plan, self._lanes = session, planes, plan, lanes
        self._picture, self._picture_name = picture, contract.output_tensor.name
        self._spec = contract.input_tensor
        self._kept = session.load_lanes(plan.lanes).maps if plan.keeps_open else {}
        shape = planes.height_px, planes.width_px, len(contract.input.planes)
        packed = self._memory(self._spec.name, shape, np.dtype(self._spec.dtype))
        self._maps: dict[str, FeatureMap] = {self._spec.name: PackedMap(packed, _preparing(planes, self._spec))}
        self._made: dict[str, str] = {}
        """The maps' names by the stages that make them."""
        self._last_reads = _last_reads(contract, plan)
        self._arrivals = Arrivals()

    def begin(self) -> None:
        """Let a lane take the context; where its buffers don't stay, wait for it."""
        with self._session.open_lanes("context", self._plan.lanes, keep=self._plan.keeps_open) as signatures:
            # The last lane's interpreter: the loop for that lane waits until a thread is free.
            self._context = self._lanes.submit(_timed, self._take_context, signatures[-1])
            if not self._plan.keeps_open:
                self._context.result()

    def end(self) -> None:
        """Leave the packed planes' memory to the next frame."""
        self._kept[self._spec.name] = self._maps.pop(self._spec.name).release()

    @property
    def context_time(self) -> StageTime:
        """What the context took of the lanes' time; its wall time is one lane's, the others were at work meanwhile."""
        ms, _ = self._context.result()
        return StageTime("context", 0, ms / self._plan.lanes, 0, ms)

    def _take_context(self, signature: Signature) -> Context:
        sample = quantise(gather_sample(self._planes, self._session.contract.context), self._spec)
        return Context(signature.run({self._spec.name: sample[None]}))

    def run(self, stages: tuple[TilePlan, ...]) -> tuple[StageTime, ...]:
        """Run stages over their tiles and keep what they give."""
        keep = self._plan.keeps_open
        with ExitStack() as stack:
            parts = [
                self._part(
                    plan, stack.enter_context(self._session.open_lanes(plan.signature, self._plan.lanes, keep=keep))
                )
                for plan in stages
            ]
            return run_parts(self._lanes, parts, self._arrivals.abandon)

    def _part(self, plan: TilePlan, signatures: tuple[Signature, ...]) -> Part:
        """A stage from the maps that it reads to the one it makes."""
        signature = signatures[0]
        constant = {spec.name for spec in self._session.contract.context_tensors} & signature.inputs.keys()
        sources = {name: self._maps[name] for name in signature.inputs if name not in constant}
        (name,), tiles = signature.outputs, plan.tiles
        sink = self._picture if name == self._picture_name else self._add_map(signature, name, tiles)
        shapes = {source: known.shape(tiles[0]) for source, known in sources.items()}
        shapes |= {source: signature.inputs[source].shape for source in constant}
        cuts = count(1)

        def feed(tile: Tile) -> Mapping[str, Codes]:
            codes = {source: known.cut(tile) for source, known in sources.items()}
            if next(cuts) == len(tiles):
                self._release(plan.signature)
            return {**codes, **{name: self._context.result()[1].codes[name] for name in constant}}

        def keep(tile: Tile, result: Mapping[str, Codes]) -> None:
            sink.keep(tile, result[name])

        return Part(signatures, tiles, feed, keep, shapes, plan.macs / len(tiles))

    def _release(self, reader: str) -> None:
        """Free the results that a stage was the last to read; the first stage's is left to the next frame.

        Only that one is there from a frame's beginning to its end, so that keeping it adds nothing to the peak.
        """
        for maker in self._last_reads.get(reader, ()):
            name = self._made.pop(maker)
            values = self._maps.pop(name).release()
            if maker == self._plan.stages[0].signature:
                self._kept[name] = values

    def _add_map(self, signature: Signature, name: str, tiles: tuple[Tile, ...]) -> FeatureMap:
        """A map of the whole frame for a signature's output, as large beside its input as in the file."""
        source = next(source for source in signature.inputs if source in self._maps)
        known, (_, stored_px, _, _) = self._maps[source], signature.inputs[source].shape
        _, side_px, _, channels = signature.outputs[name].shape
        height, width = (side * side_px // stored_px for side in known.values.shape[:2])
        values = self._memory(name, (height, width, channels), signature.outputs[name].dtype)
        self._maps[name] = FeatureMap(values, known.height_px, Missing(tiles, self._arrivals))
        self._made[signature.name] = name
        return self._maps[name]

    def _memory(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Codes:
        """An array to be filled: the last frame's, where it fits. New memory costs a fault for every page."""
        kept = self._kept.pop(name, None)
        return kept if kept is not None and (kept.shape, kept.dtype) == (shape, dtype) else np.empty(shape, dtype)


def _last_reads(contract: ModelContract, plan: FramePlan) -> dict[str, list[str]]:
    """By each stage, the stages whose results it is the last to read."""
    names = [stage.signature for stage in plan.stages]
    last: dict[str, str] = {}
    for stages in (way.stages for way in ways_of(contract)):
        if [stage.signature for stage in stages] == names:
            last = {maker: stage.signature for stage in stages for maker in stage.reads}
    return {reader: [maker for maker in last if last[maker] == reader] for reader in last.values()}


def _preparing(planes: Planes, spec: TensorSpec) -> Callable[[Codes, int], None]:
    """Fills rows of the packed planes; knows nothing of the frame's maps, which would else outlive it in a cycle."""
    return lambda rows, top_px: planes.fill(rows, top_px, encode=lambda values: quantise(values, spec))


def _timed(function: Callable[[P], T], argument: P) -> tuple[float, T]:
    """A function's time in milliseconds, and its result."""
    clock = Clock()
    result = clock.timed(function)(argument)
    return clock.ms, result
