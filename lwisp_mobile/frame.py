"""One frame from planes to picture by its plan: the context, then every stage over its tiles."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from lwisp_mobile.context import Planes, gather_sample
from lwisp_mobile.footprint import results_held
from lwisp_mobile.maps import FeatureMap, PictureMap
from lwisp_mobile.pipeline import Clock, StageTime, run_tiles
from lwisp_mobile.planning import FramePlan
from lwisp_mobile.session import Context, Session, quantise
from lwisp_mobile.signature import Codes, Signature
from lwisp_mobile.tiling import Tile, TilePlan

P = TypeVar("P")
T = TypeVar("T")


def run_frame(session: Session, planes: Planes, plan: FramePlan, picture: PictureMap) -> tuple[StageTime, ...]:
    """Develop a frame into `picture`, by the plan's lanes. Returns the time of the context and of each stage, in order.

    One signature's buffers are held at a time, unless the plan keeps all open. Raises ModelError if LiteRT fails,
    NonFiniteError if a float model gives NaN or infinity.
    """
    with ThreadPoolExecutor(plan.lanes, "lane") as lanes:
        frame = _Frame(session, planes, plan, picture, lanes)
        return (frame.begin(), *(frame.run(stage) for stage in plan.stages))


class _Frame:
    """The maps of one frame that is being developed."""

    def __init__(
        self, session: Session, planes: Planes, plan: FramePlan, picture: PictureMap, lanes: ThreadPoolExecutor
    ) -> None:
        contract = session.contract
        self._session, self._planes, self._plan, self._lanes = session, planes, plan, lanes
        self._picture, self._picture_name = picture, contract.output_tensor.name
        self._spec = contract.input_tensor
        packed = np.empty((planes.height_px, planes.width_px, len(contract.input.planes)), self._spec.dtype)
        self._maps: dict[str, FeatureMap] = {self._spec.name: FeatureMap(packed, planes.height_px)}
        self._made: dict[str, str] = {}
        """The maps' names by the stages that made them."""
        self._context = Context({})

    def begin(self) -> StageTime:
        """Prepare the packed planes in the model's type; meanwhile another lane, if there is one, takes the context."""
        whole = Clock()
        threads = self._session.threads // self._plan.lanes
        with whole, self._session.open("context", keep=self._plan.keeps_open, threads=threads) as signature:
            context = self._lanes.submit(_timed, self._take_context, signature)
            # One thread: two would wait for Python's lock more often than they'd gain.
            prepared = self._lanes.submit(_timed, self._prepare, self._maps[self._spec.name])
            run_ms, self._context = context.result()
            feed_ms, _ = prepared.result()
        return StageTime(signature.name, feed_ms / self._plan.lanes, run_ms / self._plan.lanes, 0, whole.ms)

    def _take_context(self, signature: Signature) -> Context:
        sample = quantise(gather_sample(self._planes, self._session.contract.context), self._spec)
        return Context(signature.run({self._spec.name: sample[None]}))

    def _prepare(self, packed: FeatureMap) -> None:
        self._planes.fill(packed.values, encode=lambda values: quantise(values, self._spec))

    def run(self, plan: TilePlan) -> StageTime:
        """Run one stage over its tiles and keep what it gives."""
        self._free_unread(plan.signature)
        with self._session.open_lanes(plan.signature, self._plan.lanes, keep=self._plan.keeps_open) as signatures:
            signature = signatures[0]
            constant = {name: codes for name, codes in self._context.codes.items() if name in signature.inputs}
            sources = {name: self._maps[name] for name in signature.inputs if name not in constant}
            (name,) = signature.outputs
            sink = self._picture if name == self._picture_name else self._add_map(signature, name)

            def feed(tile: Tile) -> Mapping[str, Codes]:
                return {**constant, **{name: source.cut(tile) for name, source in sources.items()}}

            def keep(tile: Tile, result: Mapping[str, Codes]) -> None:
                sink.keep(tile, result[name])

            return run_tiles(self._lanes, signatures, plan.tiles, feed, keep)

    def _free_unread(self, signature: str) -> None:
        """Free the results that no stage from this one on reads."""
        stages = self._session.contract.stages
        place = next((place for place, stage in enumerate(stages) if stage.signature == signature), None)
        if place is not None:
            held = {stage.signature for stage in results_held(stages, place)}
            for maker in self._made.keys() - held:
                del self._maps[self._made.pop(maker)]

    def _add_map(self, signature: Signature, name: str) -> FeatureMap:
        """An empty map of the whole frame for a signature's output, as large beside its input as in the file."""
        source = next(source for source in signature.inputs if source in self._maps)
        known, (_, stored_px, _, _) = self._maps[source], signature.inputs[source].shape
        _, side_px, _, channels = signature.outputs[name].shape
        height, width = (side * side_px // stored_px for side in known.values.shape[:2])
        values = np.empty((height, width, channels), signature.outputs[name].dtype)
        self._maps[name], self._made[signature.name] = FeatureMap(values, known.height_px), name
        return self._maps[name]


def _timed(function: Callable[[P], T], argument: P) -> tuple[float, T]:
    """A function's time in milliseconds, and its result."""
    clock = Clock()
    result = clock.timed(function)(argument)
    return clock.ms, result
