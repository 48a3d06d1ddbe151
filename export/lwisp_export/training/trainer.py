"""The trainer: the objective, its averaged weights, optimiser and step, saved and resumed."""

import copy
import math
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from lwisp_export.student.network import Student
from lwisp_export.student.silent_channels import find_silent, silence
from lwisp_export.training.batches import Batch
from lwisp_export.training.distributed import wrap
from lwisp_export.training.training_recipe import OptimizerRecipe
from lwisp_export.training.validation import DeadUnit, revive
from lwisp_mobile.errors import ModelError
from lwisp_mobile.serialize.files import atomic_write


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
    """One network in training. Averages follow faster at first, so that initial weights soon lose influence."""

    def __init__(self, objective: nn.Module, recipe: OptimizerRecipe, device: str = "cpu") -> None:
        """objective: an `Objective`, with the weights to start from. device: cpu or cuda."""
        self.recipe = recipe
        self.device = torch.device(device)
        # Two steps: torch's stubs know no call that moves and lays out at once.
        self.objective = objective.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.shipped: nn.Module = self.objective.shipped
        self.average = {key: value.detach().clone() for key, value in self.shipped.state_dict().items()}
        self._loss = wrap(self.objective)
        trained = (parameter for parameter in self.objective.parameters() if parameter.requires_grad)
        self.optimizer = torch.optim.AdamW(trained, weight_decay=recipe.weight_decay)
        self.step = 0

    def train_step(self, batch: Batch) -> float:
        """One optimiser step on a batch; returns the loss. Raises ModelError if it isn't finite."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, self.recipe)
        loss = cast(Tensor, self._loss(self._placed(batch)))
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ModelError(f"The loss is {value} at step {self.step}; lower the learning rate and resume.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.objective.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.step += 1
        self._update_average()
        return value

    def averaged(self) -> nn.Module:
        """The network with the averaged weights, in evaluation mode."""
        network = copy.deepcopy(self.shipped).eval()
        network.load_state_dict(self.average)
        return network

    def revive(self, units: Iterable[DeadUnit]) -> None:
        """Let dead attention units fire again, in the trained and in the averaged weights."""
        revive(self.shipped.state_dict(), units)
        revive(self.average, units)

    def silence(self, batches: Iterable[Batch]) -> int:
        """Set to zero for good the inner channels of a student that fire on none of the batches; returns how many."""
        silent = find_silent(cast(Student, self.averaged()), (self._placed(batch).input for batch in batches))
        silence(self.shipped.state_dict(), silent)
        silence(self.average, silent)
        return sum(int(channels.sum()) for channels in silent.values())

    def save(self, path: Path) -> None:
        """Write all that an exact resumption needs."""
        state = {
            "step": self.step,
            "objective": self.objective.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        with atomic_write(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path) -> None:
        """Resume from `save`'s file exactly. Raises ModelError if it isn't this run's."""
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.objective.load_state_dict(state["objective"])
            self.average = {key: value.clone() for key, value in state["average"].items()}
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = int(state["step"])
        except (RuntimeError, KeyError, ValueError, EOFError) as error:
            raise ModelError(f"{path} isn't a state of this recipe's run ({error}). Give another folder.") from error

    def start_from(self, weights: dict[str, Tensor], moments: dict[str, Tensor] | None, step: int = 0) -> None:
        """Start the schedule at a step from a checkpoint's weights and, if given, Adam's moments."""
        self.step = step
        self.shipped.load_state_dict({key: value.float() for key, value in weights.items()})
        self.average = {key: value.detach().clone() for key, value in self.shipped.state_dict().items()}
        if moments is not None:
            self._set_moments(moments)

    def moments(self) -> dict[str, Tensor]:
        """Adam's moments by parameter of the shipped network: the mean, and the root of the mean square."""
        found: dict[str, Tensor] = {}
        for name, parameter in self.shipped.named_parameters():
            state = self.optimizer.state[parameter]
            found[f"{name}.mean"] = state["exp_avg"].cpu()
            found[f"{name}.root_square"] = state["exp_avg_sq"].sqrt().cpu()
        return found

    def _set_moments(self, moments: dict[str, Tensor]) -> None:
        for name, parameter in self.shipped.named_parameters():
            self.optimizer.state[parameter] = {
                # Large enough that Adam's bias correction has no effect.
                "step": torch.tensor(10_000.0),
                "exp_avg": moments[f"{name}.mean"].to(self.device).reshape(parameter.shape),
                "exp_avg_sq": moments[f"{name}.root_square"].to(self.device).reshape(parameter.shape) ** 2,
            }

    def _placed(self, batch: Batch) -> Batch:
        parts = tuple(None if part is None else self._move(part) for part in batch)
        return Batch(*cast(tuple[Tensor, Tensor, Tensor | None, Tensor | None], parts))

    def _move(self, part: Tensor) -> Tensor:
        layout = torch.channels_last if part.ndim == 4 else torch.preserve_format
        return part.to(self.device, memory_format=layout)

    def _update_average(self) -> None:
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        for key, value in self.shipped.state_dict().items():
            self.average[key].lerp_(value, 1 - decay)
