"""Quantisation recipes: TOML files that say how a float model becomes int8, as frozen dataclasses."""

from dataclasses import dataclass, field, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lwisp_export.quantization.estimators import Estimator
from lwisp_mobile.errors import UsageError
from lwisp_mobile.serialize.toml import read_toml

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Scheme = Literal["int8", "int16x8", "dynamic", "weights"]
"""int8: weights and activations. int16x8: int16 activations. dynamic: activations quantised by the runtime, frame by
frame, between float tensors. weights: int8 storage, float arithmetic."""
Rounding = Literal["nearest", "compensated"]

DEFAULT_RECIPE = "lwisp"
TRAINED_RECIPE = "trained"
"""Of checkpoints that quantisation-aware training made."""
CALIBRATED_RECIPE = "trained-calibrated"
"""The same for somebody's own frames: ranges as trained, narrowed to what the frames reach."""
TRAINED_TAIL_RECIPE = "trained-float-tail"
"""The same with the picture's last layers in float, for pictures by a sigmoid: the nearest to float that ships."""


@dataclass(frozen=True)
class ModelRules:
    """Rewrites of the float model that don't change its picture."""

    equalize: bool = True
    """Scale channels so that one int8 step fits all of a tensor's."""
    evenness: float = 0.75
    """How far: 0 leaves the channels of a tensor as they are, 1 gives all of them the same largest value."""
    split_output: bool = True
    """Have two sigmoids share the picture, so that each logit gets half the range: twice the int8 values.
    Nothing to do where the picture is clipped and no sigmoid makes it."""
    duplicated_channels: tuple[str, ...] = ()
    """Features whose channels are duplicated, by the names of the tensors that rectified convolutions write."""


@dataclass(frozen=True)
class WeightRules:
    """How weights go to their int8 grid."""

    rounding: Rounding = "compensated"
    """compensated: what rounding one weight does to a filter's output, the next ones make up for."""
    correct_bias: bool = True
    """Take the mean error of each filter's output out of its bias."""


@dataclass(frozen=True)
class TensorRule:
    """Another estimator for one tensor."""

    name: str
    """As in the .tflite."""
    estimator: Estimator


@dataclass(frozen=True)
class ActivationRules:
    """How activation ranges follow from calibration."""

    estimator: Literal[Estimator, "trained", "narrowed"] = "minmax"
    """trained: the ranges that quantisation-aware training left in the checkpoint. narrowed: their common part with
    those by `percentile`."""
    percentile: float = 99.99
    tensors: tuple[TensorRule, ...] = ()
    clip_logits: bool = True
    """Spend no int8 values on what goes into a sigmoid beyond where it saturates."""

    def __post_init__(self) -> None:
        """Refuse a percentile that keeps nothing, or more than there is."""
        if not 50 < self.percentile <= 100:
            raise UsageError(f"percentile is {self.percentile}; give one above 50, to 100 (99.99, say).")


@dataclass(frozen=True)
class QuantizationRecipe:
    """Everything a quantisation depends on but the model and the calibration tiles."""

    name: str
    scheme: Scheme = "int8"
    float_operators: tuple[str, ...] = ()
    """Operators that stay float, by the names of their output tensors."""
    model: ModelRules = field(default_factory=ModelRules)
    weights: WeightRules = field(default_factory=WeightRules)
    activations: ActivationRules = field(default_factory=ActivationRules)

    def __post_init__(self) -> None:
        """Refuse float operators where a scheme has no int8 ones beside them."""
        if self.float_operators and self.scheme != "int8":
            raise UsageError(f"float_operators are for the scheme int8, not {self.scheme}. Leave them out.")


def shipped_recipes() -> dict[str, Path]:
    """The recipes that ship, by name."""
    folder = Path(str(files("lwisp_export"))) / "quantization" / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def find_quantization(name: str) -> QuantizationRecipe:
    """Read a recipe's .toml, or one that ships by its name. Raises UsageError naming those that do."""
    shipped = shipped_recipes()
    if not name.endswith(".toml") and name not in shipped:
        raise UsageError(f"There is no quantisation {name!r}; give a .toml file or one of: {', '.join(shipped)}.")
    return load_quantization(shipped.get(name, Path(name)))


def load_quantization(path: Path) -> QuantizationRecipe:
    """Read a quantisation recipe. Raises UsageError that names the key that is wrong, missing or unknown."""
    return read_toml(QuantizationRecipe, path)


def to_toml(recipe: QuantizationRecipe) -> str:
    """A recipe as the text that `load_quantization` reads."""
    return "\n".join(_table(recipe, "")) + "\n"


def _table(value: "DataclassInstance", path: str) -> list[str]:
    items = [(entry.name, getattr(value, entry.name)) for entry in fields(value)]
    lines = [f"{name} = {_inline(item)}" for name, item in items if not is_dataclass(item)]
    for name, item in items:
        if is_dataclass(item) and not isinstance(item, type):
            lines += ["", f"[{path}{name}]", *_table(item, f"{path}{name}.")]
    return lines


def _inline(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_inline(item) for item in value)}]"
    if is_dataclass(value):
        return f"{{ {', '.join(f'{e.name} = {_inline(getattr(value, e.name))}' for e in fields(value))} }}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
