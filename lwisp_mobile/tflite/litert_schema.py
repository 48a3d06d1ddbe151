"""LiteRT's flatbuffer schema as types; the module itself is imported when one of its names is first used.

It is large, has no type information, and isn't there beside tflite-runtime: only `lwisp inspect` and the export chain
need it. What stands here for the type checker is the part that this package reads and writes.
"""
# Names are the schema's own.
# ruff: noqa: N802, N815

import functools
from typing import TYPE_CHECKING, Any

from lwisp_mobile.errors import missing_runtime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    class BuiltinOperator:
        """Kinds of operators by number."""

    class BuiltinOptions:
        """Kinds of options by number."""

    class TensorType:
        """Types of tensors by number."""

    class QuantizationParametersT:
        """Scales and zero points of a tensor."""

        scale: NDArray[np.float32] | None
        zeroPoint: NDArray[np.int64] | None

    class TensorT:
        """A tensor. Its values lie in a buffer; those of tensors that are computed, in none: buffer 0."""

        name: bytes | str | None
        type: int
        shape: NDArray[np.int32] | None
        shapeSignature: NDArray[np.int32] | None
        buffer: int
        quantization: QuantizationParametersT | None

    class OperatorT:
        """An operator. Its options are of a class of their own for each kind."""

        opcodeIndex: int
        inputs: NDArray[np.int32] | None
        outputs: NDArray[np.int32] | None
        builtinOptions: object | None
        builtinOptionsType: int
        customOptions: NDArray[np.uint8] | list[int] | None

    class OperatorCodeT:
        """A kind of operator that the model has."""

        builtinCode: int
        deprecatedBuiltinCode: int
        version: int
        customCode: bytes | str | None

    class SubGraphT:
        """A graph of operators."""

        name: bytes | str | None
        tensors: list[TensorT]
        operators: list[OperatorT]
        inputs: NDArray[np.int32] | None
        outputs: NDArray[np.int32] | None

    class BufferT:
        """Data within the flatbuffer or, where the offset says so, behind it."""

        data: NDArray[np.uint8] | None
        offset: int
        size: int

    class MetadataT:
        """A buffer with a name."""

        name: bytes | str | None
        buffer: int

    class TensorMapT:
        """A tensor with the name that a signature gives it."""

        name: bytes | str | None
        tensorIndex: int

    class SignatureDefT:
        """A way to call the model."""

        signatureKey: bytes | str | None
        subgraphIndex: int
        inputs: list[TensorMapT] | None
        outputs: list[TensorMapT] | None

    class Model:
        """The root in the file."""

        @staticmethod
        def GetRootAs(buf: bytes, offset: int) -> "Model":
            """Find it."""

    class ModelT:
        """The root as an object, with all that hangs on it."""

        version: int
        description: bytes | str | None
        operatorCodes: list[OperatorCodeT]
        subgraphs: list[SubGraphT]
        buffers: list[BufferT]
        metadata: list[MetadataT] | None
        signatureDefs: list[SignatureDefT] | None

        @staticmethod
        def InitFromObj(model: Model) -> "ModelT":
            """Read everything."""

        def Pack(self, builder: Any) -> int:
            """Write everything; returns the root's offset."""

    def BufferStart(builder: Any) -> None:
        """Begin a buffer's table."""

    def BufferAddData(builder: Any, data: int) -> None:
        """Add its data by their offset."""

    def BufferEnd(builder: Any) -> int:
        """End it; returns its offset."""

else:

    def __getattr__(name: str) -> Any:
        """Import the schema. Raises MissingExtraError without ai-edge-litert."""
        try:
            from ai_edge_litert import schema_py_generated  # noqa: PLC0415
        except ImportError as error:
            raise missing_runtime(error) from error
        return getattr(schema_py_generated, name)


def name_of(enumeration: type, value: int) -> str:
    """A number's name in one of the schema's enumerations. Raises KeyError for one that the schema hasn't."""
    return _names(enumeration)[value]


def value_of(enumeration: type, name: str) -> int:
    """The number of a name. Raises AttributeError for one that the schema hasn't."""
    return int(getattr(enumeration, name))


@functools.cache
def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}
