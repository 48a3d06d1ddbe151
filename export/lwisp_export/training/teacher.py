"""The teacher: a network that reconstructs the clean picture, so that its features represent the picture."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lwisp_export.student.blocks import UpBlock, conv3x3, double_conv
from lwisp_export.student.checkpoint import TeacherInfo, read_tensors
from lwisp_export.student.config import Activation
from lwisp_export.student.network import Features
from lwisp_mobile.errors import ModelError

ACTIVATION: Activation = "relu"


class Encoded(NamedTuple):
    """The teacher's encoder features, from half the picture's size down to a 16th."""

    e1: Tensor
    e2: Tensor
    e3: Tensor
    e4: Tensor


class Teacher(nn.Module):
    """A U-Net from RGB to the same RGB, its levels the student's.

    The picture is unshuffled to 12 planes of half size, so that features have the student's size at each level.
    Levels are unshuffled, too, because pooling would lose detail that the teacher must keep. The top level has no
    skip connection: everything passes through at most half the size, and the corrupted input can't be copied.
    """

    def __init__(self, width: int) -> None:
        """width: channels at the top level, doubled at each level down."""
        super().__init__()
        w, act = width, ACTIVATION
        self.e1 = conv3x3(12, w, act)
        self.e2 = double_conv(4 * w, 2 * w, act)
        self.e3 = double_conv(8 * w, 4 * w, act)
        self.e4 = double_conv(16 * w, 8 * w, act)
        self.d6 = double_conv(8 * w, 8 * w, act)
        self.u1, self.u2, self.u3 = UpBlock(8 * w, 4 * w, act), UpBlock(4 * w, 2 * w, act), UpBlock(2 * w, w, act)
        self.d7, self.d8, self.d9 = conv3x3(8 * w, 4 * w, act), conv3x3(4 * w, 2 * w, act), conv3x3(w, w, act)
        self.to_rgb = nn.Conv2d(w, 12, 3, padding=1)

    def forward(self, rgb: Tensor) -> Tensor:
        """rgb: (N, 3, H, W) in [0, 1], sides multiples of 16. Returns the reconstruction, the same shape and range."""
        return self.reconstruct(rgb)[0]

    def encode(self, rgb: Tensor) -> Encoded:
        """The encoder's features of a picture: w, 2w, 4w, 8w channels at 1/2, 1/4, 1/8, 1/16 of its size."""
        e1 = self.e1(nn.functional.pixel_unshuffle(rgb, 2))
        e2 = self.e2(nn.functional.pixel_unshuffle(e1, 2))
        e3 = self.e3(nn.functional.pixel_unshuffle(e2, 2))
        return Encoded(e1, e2, e3, self.e4(nn.functional.pixel_unshuffle(e3, 2)))

    def reconstruct(self, rgb: Tensor) -> tuple[Tensor, Features]:
        """As `forward`, and return the decoder's features, too."""
        _, e2, e3, e4 = self.encode(rgb)
        d6 = self.d6(e4)
        d7 = self.d7(torch.cat([self.u1(d6), e3], dim=1))
        d8 = self.d8(torch.cat([self.u2(d7), e2], dim=1))
        d9 = self.d9(self.u3(d8))
        return torch.sigmoid(nn.functional.pixel_shuffle(self.to_rgb(d9), 2)), Features(d6, d7, d8, d9)


def load_teacher(path: Path) -> tuple[TeacherInfo, Teacher]:
    """Read a teacher. Raises ModelError if the file isn't one."""
    info, weights = read_tensors(path, TeacherInfo)
    teacher = Teacher(info.teacher_width)
    try:
        teacher.load_state_dict({key: value.float() for key, value in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"{path}: weights don't fit a teacher of width {info.teacher_width} ({error}).") from error
    return info, teacher
