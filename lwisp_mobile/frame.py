"""One frame from planes to picture by its plan: the context, then every stage over its tiles."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from lwisp_mobile.context import Planes, gather_sample
from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.footprint import results_held, ways_of
from lwisp_mobile.maps import FeatureMap, PackedMap, PictureMap
from lwisp_mobile.pipeline import Clock, StageTime, run_tiles
from lwisp_mobile.planning import FramePlan
from lwisp_mobile.session import Context, Session, quantise
from lwisp_mobile.signature import Codes, Signature
from lwisp_mobile.tiling import Tile, TilePlan

P = TypeVar("P")
T = TypeVar("T")


def run_frame(session: Session, planes: Planes, plan: FramePlan, picture: PictureMap) -> tuple[StageTime, ...]:
    """Develop a frame into `picture`, by the plan's lanes. Returns the time of the context and of each stage, in order.

    One signature's buffers are held at a time, unless the plan keeps all open; then the first stages that don't need
    the context run beside it. Raises ModelError if LiteRT fails, NonFiniteError if a float model gives NaN or infinity.
    """
    with ThreadPoolExecutor(plan.lanes, "lane") as lanes:
        frame = _Frame(session, planes, plan, picture, lanes)
        frame.begin()
        stages = [frame.run(stage) for stage in plan.stages]
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
        packed = np.empty((planes.height_px, planes.width_px, len(contract.input.planes)), self._spec.dtype)
        self._maps: dict[str, FeatureMap] = {self._spec.name: PackedMap(packed, _preparing(planes, self._spec))}
        self._made: dict[str, str] = {}
        """The maps' names by the stages that made them."""

    def begin(self) -> None:
        """Let a lane take the context; where its buffers don't stay, wait for it."""
        with self._session.open_lanes("context", self._plan.lanes, keep=self._plan.keeps_open) as signatures:
            # The last lane's interpreter: the first stage's loop for that lane waits until a thread is free.
            self._context = self._lanes.submit(_timed, self._take_context, signatures[-1])
            if not self._plan.keeps_open:
                self._context.result()

    @property
    def context_time(self) -> StageTime:
        """What the context took of the lanes' time; its wall time is one lane's, the others were at work meanwhile."""
        ms, _ = self._context.result()
        return StageTime("context", 0, ms / self._plan.lanes, 0, ms)

    def _take_context(self, signature: Signature) -> Context:
        sample = quantise(gather_sample(self._planes, self._session.contract.context), self._spec)
        return Context(signature.run({self._spec.name: sample[None]}))

    def _constant(self, signature: Signature) -> dict[str, Codes]:
        """A signature's inputs that are the same for every tile."""
        names = {spec.name for spec in self._session.contract.context_tensors} & signature.inputs.keys()
        return {name: self._context.result()[1].codes[name] for name in names}

    def run(self, plan: TilePlan) -> StageTime:
        """Run one stage over its tiles and keep what it gives."""
        self._free_unread(plan.signature)
        with self._session.open_lanes(plan.signature, self._plan.lanes, keep=self._plan.keeps_open) as signatures:
            signature = signatures[0]
            constant = self._constant(signature)
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
        names = [stage.signature for stage in self._plan.stages]
        for stages in (way.stages for way in ways_of(self._session.contract)):
            if [stage.signature for stage in stages] == names:
                held = {stage.signature for stage in results_held(stages, names.index(signature))}
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


def _preparing(planes: Planes, spec: TensorSpec) -> Callable[[Codes, int], None]:
    """Fills rows of the packed planes; knows nothing of the frame's maps, which would else outlive it in a cycle."""
    return lambda rows, top_px: planes.fill(rows, top_px, encode=lambda values: quantise(values, spec))


def _timed(function: Callable[[P], T], argument: P) -> tuple[float, T]:
    """A function's time in milliseconds, and its result."""
    clock = Clock()
    result = clock.timed(function)(argument)
    return clock.ms, result
