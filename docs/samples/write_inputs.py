"""Write the inputs of both samples, from a bundle's contract and a frame of the vectors.

    python write_inputs.py BUNDLE_FOLDER model.json OUT_FOLDER

Writes frame.json for develop.py; contract.txt, frame.txt and mosaic.u16 for develop.cpp.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from develop import OFFSET_PX


def main(bundle: Path, vectors: Path, out: Path) -> None:
    """Write all four files."""
    models = json.loads((bundle / "contract.json").read_text())["models"]
    contract = next(model["contract"] for model in models if model["contract"]["precision"] == "int8")
    frame = json.loads(vectors.read_text())["frame"]
    (out / "frame.json").write_text(json.dumps(frame))
    (out / "contract.txt").write_text(
        numbers(contract["input"]["curve_offset"], contract["input"]["reference_to_srgb"])
    )
    (out / "frame.txt").write_text(
        numbers(
            frame["size_px"],
            OFFSET_PX[frame["cfa"]],
            frame["black_level"],
            frame["white_level"],
            frame["wb_gains"],
            frame["camera_to_srgb"],
        )
    )
    (out / "mosaic.u16").write_bytes(base64.b64decode(frame["mosaic"]))


def numbers(*values: Any) -> str:
    """Numbers and nested lists of them, in order."""
    return " ".join(numbers(*value) if isinstance(value, (list, tuple)) else repr(value) for value in values)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
