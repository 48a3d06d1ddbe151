"""One frame from planes to picture by its plan: the context, then every stage over its tiles."""

from collections.abc import Mapping

import numpy as np

from lwisp_mobile.context import Planes, gather_sample
from lwisp_mobile.contract import TensorSpec
from lwisp_mobile.maps import FeatureMap, PictureMap
from lwisp_mobile.pipeline import StageTime, run_tiles
from lwisp_mobile.planning import FramePlan
from lwisp_mobile.session import Codes, Context, Session, Signature, quantise
from lwisp_mobile.tiling import Tile, TilePlan


def run_frame(session: Session, planes: Planes, plan: FramePlan, picture: PictureMap) -> tuple[StageTime, ...]:
    """Develop a frame into `picture`, by this thread and two of its own. Returns each stage's time in order.

    One signature's buffers are held at a time, unless the plan keeps all open. Raises ModelError if LiteRT fails,
    NonFiniteError if a float model gives NaN or infinity.
    """
    frame = _Frame(session, planes, _take_context(session, planes, plan.keeps_open), picture)
    return tuple(frame.run(stage, plan.keeps_open) for stage in plan.stages)


def _take_context(session: Session, planes: Planes, keep: bool) -> Context:
    contract = session.contract
    sample = quantise(gather_sample(planes, contract.context), contract.input_tensor)
    with session.open("context", keep=keep) as signature:
        return Context(signature.run({contract.input_tensor.name: sample[None]}))


class _PlaneMap(FeatureMap):
    """The frame's packed planes in the model's type, prepared from the top as far as they are asked for."""

    def __init__(self, planes: Planes, channels: int, spec: TensorSpec) -> None:
        super().__init__(np.empty((planes.height_px, planes.width_px, channels), spec.dtype), planes.height_px)
        self._planes, self._spec, self._ready_px = planes, spec, 0

    def cut(self, tile: Tile) -> Codes:
        """As FeatureMap's; for one thread at a time."""
        ready, stop = self._ready_px, tile.rows.stop
        if stop > ready:
            self._planes.fill(self.values[ready:stop], ready, 0, lambda values: quantise(values, self._spec))
            self._ready_px = stop
        return super().cut(tile)


class _Frame:
    """The maps of one frame that is being developed."""

    def __init__(self, session: Session, planes: Planes, context: Context, picture: PictureMap) -> None:
        contract = session.contract
        packed = _PlaneMap(planes, len(contract.input.planes), contract.input_tensor)
        self._session, self._context = session, context
        self._maps: dict[str, FeatureMap] = {contract.input_tensor.name: packed}
        self._picture, self._picture_name = picture, contract.output_tensor.name

    def run(self, plan: TilePlan, keep: bool) -> StageTime:
        """Run one stage over its tiles and keep what it gives."""
        with self._session.open(plan.signature, keep=keep) as signature:
            constant = {name: codes for name, codes in self._context.codes.items() if name in signature.inputs}
            sources = {name: self._maps[name] for name in signature.inputs if name not in constant}
            (name,) = signature.outputs
            sink = self._picture if name == self._picture_name else self._add_map(signature, name)

            def feed(tile: Tile) -> Mapping[str, Codes]:
                return {**constant, **{name: source.cut(tile) for name, source in sources.items()}}

            return run_tiles(signature, plan.tiles, feed, lambda tile, result: sink.keep(tile, result[name]))

    def _add_map(self, signature: Signature, name: str) -> FeatureMap:
        """An empty map of the whole frame for a signature's output, as large beside its input as in the file."""
        source = next(source for source in signature.inputs if source in self._maps)
        known, (_, stored_px, _, _) = self._maps[source], signature.inputs[source].shape
        _, side_px, _, channels = signature.outputs[name].shape
        height, width = (side * side_px // stored_px for side in known.values.shape[:2])
        values = np.empty((height, width, channels), signature.outputs[name].dtype)
        self._maps[name] = FeatureMap(values, known.height_px)
        return self._maps[name]
