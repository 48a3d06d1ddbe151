"""A student with an image skip begun from one without: the same features, the picture without its sigmoid."""

from dataclasses import replace

import pytest
import torch

from lwisp_export.student.config import StudentConfig
from lwisp_export.student.network import Student
from lwisp_export.student.widening import LINEAR_OFFSET, LINEAR_SLOPE, can_widen, widen
from lwisp_mobile.errors import UsageError

OLD = StudentConfig(8)
NEW = replace(OLD, noise_plane=True, image_skip=True)


@torch.no_grad()
def test_the_picture_is_the_old_ones_logits_and_a_tenth_of_the_skip() -> None:
    torch.manual_seed(3)
    old, new = Student(OLD).eval(), Student(NEW).eval()
    new.load_state_dict(widen(old.state_dict(), OLD, NEW))
    packed = torch.rand(1, 5, 32, 32)
    picture, features = old.develop(packed[:, :4])
    widened, same = new.develop(packed)
    for one, other in zip(features, same):
        torch.testing.assert_close(one, other)
    skip = new.skip(packed) * torch.sigmoid(new.gate(torch.cat([same.c9, packed], dim=1)))
    expected = LINEAR_SLOPE * torch.logit(picture) + LINEAR_OFFSET + torch.pixel_shuffle(skip, 2)
    torch.testing.assert_close(widened, expected, rtol=0, atol=1e-4)
    assert float(skip.abs().max()) < 0.3


def test_other_forms_are_refused() -> None:
    assert can_widen(OLD, NEW)
    assert not any(can_widen(NEW, form) for form in (NEW, OLD))
    with pytest.raises(UsageError, match="can't begin from"):
        widen(Student(OLD).state_dict(), OLD, replace(NEW, width=16))
