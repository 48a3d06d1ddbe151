"""The trainer's state: student, averaged weights, optimiser, step; saved and resumed."""

import math
from pathlib import Path

import torch
from torch import Tensor, nn

from lwisp_export.distill.losses import total_loss
from lwisp_export.recipe import OptimizerRecipe, TrainRecipe
from lwisp_export.student.network import Student
from lwisp_mobile.errors import ModelError
from lwisp_mobile.files import atomic_write


def learning_rate(step: int, recipe: OptimizerRecipe) -> float:
    """Linear warm-up, constant to hold_steps, then a cosine to the final rate at the last step."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    start = max(recipe.warmup_steps, recipe.hold_steps)
    if step < start:
        return recipe.learning_rate
    share = (step - start) / max(1, recipe.steps - start)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    return recipe.final_learning_rate + (recipe.learning_rate - recipe.final_learning_rate) * cosine


class Trainer:
    """One student in training. Averages decay faster at first, so that the start is soon forgotten."""

    def __init__(self, recipe: TrainRecipe, device: str) -> None:
        """Random weights from the recipe's seed. device: cpu or cuda."""
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.device = torch.device(device)
        self.student = self._new_student()
        self.average = {key: value.detach().clone() for key, value in self.student.state_dict().items()}
        self.optimizer = torch.optim.AdamW(self.student.parameters(), weight_decay=recipe.optimizer.weight_decay)
        self.step = 0

    def train_step(self, packed: Tensor, truth: Tensor) -> float:
        """One optimiser step on a batch; returns the loss. Raises ModelError if it isn't finite."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.recipe.optimizer)
        loss = self._loss(packed, truth)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ModelError(f"The loss is {value} at step {self.step}; lower the learning rate and resume.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), self.recipe.optimizer.clip_norm)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return value

    def averaged(self) -> Student:
        """A student with the averaged weights, in evaluation mode."""
        student = self._new_student().eval()
        student.load_state_dict(self.average)
        return student

    def save(self, path: Path) -> None:
        """Write everything that an exact continuation needs."""
        state = {
            "step": self.step,
            "student": self.student.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        with atomic_write(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path) -> None:
        """Continue from `save`'s file, step for step as if never stopped."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.student.load_state_dict(state["student"])
        self.average = {key: value.clone() for key, value in state["average"].items()}
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = int(state["step"])

    def start_from(self, weights: dict[str, Tensor], moments: dict[str, Tensor] | None) -> None:
        """Take weights from a checkpoint, and Adam's moments where they were kept; the schedule starts anew."""
        self.student.load_state_dict({key: value.float() for key, value in weights.items()})
        self.average = {key: value.detach().clone() for key, value in self.student.state_dict().items()}
        if moments is not None:
            self._set_moments(moments)

    def moments(self) -> dict[str, Tensor]:
        """Adam's moments by parameter name: the mean, and the root of the mean square."""
        found: dict[str, Tensor] = {}
        for name, parameter in self.student.named_parameters():
            state = self.optimizer.state[parameter]
            found[f"{name}.mean"] = state["exp_avg"].cpu()
            found[f"{name}.root_square"] = state["exp_avg_sq"].sqrt().cpu()
        return found

    def _set_moments(self, moments: dict[str, Tensor]) -> None:
        for name, parameter in self.student.named_parameters():
            self.optimizer.state[parameter] = {
                # Old enough that Adam's correction for young averages is over.
                "step": torch.tensor(10_000.0),
                "exp_avg": moments[f"{name}.mean"].to(self.device).reshape(parameter.shape),
                "exp_avg_sq": moments[f"{name}.root_square"].to(self.device).reshape(parameter.shape) ** 2,
            }

    def _new_student(self) -> Student:
        # Two steps: torch's stubs know no call that moves and lays out at once.
        student = Student(self.recipe.student).to(self.device)
        return student.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _loss(self, packed: Tensor, truth: Tensor) -> Tensor:
        packed = packed.to(self.device, memory_format=torch.channels_last)
        truth = truth.to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            output = self.student(packed)
        return total_loss(output.float(), truth, self.recipe.loss)

    def _update_average(self) -> None:
        decay = min(self.recipe.optimizer.ema_decay, (1 + self.step) / (10 + self.step))
        for key, value in self.student.state_dict().items():
            self.average[key].lerp_(value, 1 - decay)
