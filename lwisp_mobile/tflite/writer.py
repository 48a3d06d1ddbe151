"""The schema's objects back to .tflite bytes, buffers aligned."""

from __future__ import annotations

from typing import Any

from lwisp_mobile.errors import require_extra
from lwisp_mobile.tflite import litert_schema as schema
from lwisp_mobile.tflite.integrity import IDENTIFIER

BUFFER_ALIGNMENT = 16
"""The schema's force_align for buffer data, which Python's generated writer ignores."""


def write_model(model: schema.ModelT) -> bytes:
    """Write a model. Equal models give equal bytes. Raises MissingExtraError without flatbuffers."""
    try:
        from flatbuffers import Builder  # noqa: PLC0415
    except ImportError as error:
        raise require_extra("flatbuffers", "export", error) from error
    builder = Builder(1 << 20)
    buffers = model.buffers
    model.buffers = [_aligned(buffer) for buffer in buffers]
    try:
        builder.Finish(model.Pack(builder), IDENTIFIER)
    finally:
        model.buffers = buffers
    return bytes(builder.Output())


def buffer_bytes(buffer: schema.BufferT) -> bytes:
    """A buffer's data; empty where there are none."""
    return b"" if buffer.data is None else buffer.data.tobytes()


def _aligned(buffer: schema.BufferT) -> schema.BufferT:
    """A buffer that writes its data at a multiple of 16 bytes."""

    class AlignedBuffer(schema.BufferT):
        def Pack(self, builder: Any) -> int:  # noqa: N802
            data = _write_vector(builder, buffer_bytes(buffer))
            schema.BufferStart(builder)
            if data is not None:
                schema.BufferAddData(builder, data)
            return schema.BufferEnd(builder)

    return AlignedBuffer()


def _write_vector(builder: Any, data: bytes) -> int | None:
    if not data:
        return None
    builder.StartVector(1, len(data), BUFFER_ALIGNMENT)
    builder.head = builder.Head() - len(data)
    builder.Bytes[builder.Head() : builder.Head() + len(data)] = data
    return int(builder.EndVector())
