"""Students with one part left out, the same shape otherwise, to measure what the part contributes."""

from torch import Tensor, nn

from lwisp_export.student.blocks import Fgam
from lwisp_export.student.config import Part, StudentConfig
from lwisp_export.student.network import Student


class _Zero(nn.Module):
    """Returns zeros in place of a part's output."""

    def __init__(self, channels: int | None) -> None:
        """channels: of a per-channel vector; None: zeros like the input."""
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """x: (N, C, h, w). Returns (N, channels, 1, 1), or zeros like x."""
        return x.new_zeros(x.shape) if self.channels is None else x.new_zeros(x.shape[0], self.channels, 1, 1)


class PixelShuffleStudent(Student):
    """Plain PixelShuffle of the decoder's feature: no complement from the encoder, no second convolution."""

    def __init__(self, config: StudentConfig) -> None:
        """Drop the second convolution of each block that takes part in the CCUB."""
        super().__init__(config)
        for block in (self.u1, self.u2, self.u3):
            block.refine = nn.Identity()

    def complement(self, block: nn.Module, encoded: Tensor, decoded: Tensor) -> Tensor:
        """The decoder's feature, upsampled; the encoder's isn't used."""
        upsampled: Tensor = block(decoded)
        return upsampled


def build_student(config: StudentConfig, without: Part | None) -> Student:
    """A student with random weights; without: the part to leave out."""
    if without == "ccub":
        return PixelShuffleStudent(config)
    student = Student(config)
    if without == "global_vector":
        # The lowest level computes nothing but the vector.
        student.to_global, student.c5 = _Zero(8 * config.width), nn.Identity()
        _silence(student.p4, 8 * config.width)
    if without == "fgam":
        for level, attention in enumerate((student.p1, student.p2, student.p3, student.p4)):
            _silence(attention, config.width * 2**level)
    return student


def _silence(attention: Fgam, channels: int) -> None:
    """Reduce it to x + 0 * x in both halves: the same shape, no attention."""
    attention.channel, attention.spatial = _Zero(channels), _Zero(None)
