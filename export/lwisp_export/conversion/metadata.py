"""Named metadata buffers of a .tflite; reading is `lwisp_mobile.inspect.model_facts.read_metadata`."""

import numpy as np

from lwisp_export.conversion.writer import add_buffer, pack_tflite
from lwisp_mobile.tflite.reader import parse_tflite, schema, text


def write_metadata(model: bytes, name: str, data: bytes) -> bytes:
    """Return the model with a metadata buffer called name holding data; one of that name is replaced.

    Equal arguments give equal bytes. Raises ModelError if model isn't a .tflite.
    """
    tree = parse_tflite(model)
    for entry in tree.metadata or []:
        if text(entry.name) == name:
            tree.buffers[entry.buffer].data = np.frombuffer(data, np.uint8)
            return pack_tflite(tree)
    entry = schema().MetadataT()
    entry.name, entry.buffer = name, add_buffer(tree, data)
    tree.metadata = [*(tree.metadata or []), entry]
    return pack_tflite(tree)
