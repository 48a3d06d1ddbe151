"""The float reference: a checkpoint run by torch, NumPy arrays in and out."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lwisp_export.student.checkpoint import load_checkpoint
from lwisp_export.student.network import Student


class Reference:
    """A student in float32: what the drift of every later stage is measured against."""

    def __init__(self, checkpoint: Path) -> None:
        """Load a checkpoint. Raises ModelError if it isn't one."""
        self.student: Student
        self.student, self.info = load_checkpoint(checkpoint)

    def run(self, packed: NDArray[np.float32]) -> NDArray[np.float32]:
        """packed: (h, w, planes) float32 in [0, 1]. Returns sRGB (2h, 2w, 3) float32 in [0, 1]."""
        with torch.no_grad():
            batch = torch.from_numpy(np.ascontiguousarray(packed.transpose(2, 0, 1)))[None]
            output: NDArray[np.float32] = self.student(batch)[0].numpy()
        return np.ascontiguousarray(output.transpose(1, 2, 0))
