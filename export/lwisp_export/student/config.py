"""The student's configuration."""

from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.contract import MOSAIC_PLANES
from lwisp_mobile.errors import UsageError

Task = Literal["isp", "denoise", "enhance"]
Activation = Literal["relu", "leaky_relu"]
Part = Literal["fgam", "ccub", "global_vector"]
"""What an ablation can leave out of a student."""

SIZE_MULTIPLE = 16
"""Four 2x2 poolings: sides of the input are multiples of 2**4."""


@dataclass(frozen=True)
class StudentConfig:
    """Shape of a student."""

    width: int = 16
    """Channels at the top level; doubled at each level down."""
    task: Task = "isp"
    """isp: 4 packed planes to RGB at twice the size; denoise, enhance: RGB to RGB at the same size."""
    activation: Activation = "relu"
    """relu ships (every int8 kernel has it); leaky_relu with slope 0.2 is the paper's form."""
    noise_plane: bool = False
    """Whether a fifth packed plane tells the noise."""
    image_skip: bool = False
    """Whether the packed planes reach the output past the U-Net: joined to the last upsampling block's input, and
    through a gated convolution added to the picture, which then is clipped instead of squashed by a sigmoid."""

    def __post_init__(self) -> None:
        """Refuse shapes that can't be built."""
        if self.width < 4 or self.width % 4:
            raise UsageError(
                f"Student width {self.width} must be a multiple of 4 (kernels compute 4 channels at once)."
            )
        if self.task not in ("isp", "denoise", "enhance"):
            raise UsageError(f"Student task {self.task!r} is unknown; use isp, denoise or enhance.")
        if self.activation not in ("relu", "leaky_relu"):
            raise UsageError(f"Activation {self.activation!r} is unknown; use relu or leaky_relu.")
        if self.task != "isp" and (self.noise_plane or self.image_skip):
            raise UsageError(f"noise_plane and image_skip are for task isp; a student of task {self.task} has neither.")

    @property
    def input_planes(self) -> int:
        """Channels of the input: 4 packed Bayer planes and perhaps the noise plane, or RGB."""
        return len(MOSAIC_PLANES) + self.noise_plane if self.task == "isp" else 3

    @property
    def output_scale(self) -> int:
        """Output pixels per input pixel and side."""
        return 2 if self.task == "isp" else 1
