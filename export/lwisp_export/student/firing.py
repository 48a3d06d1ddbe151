"""Which rectified channels ever fire, seen while a network runs."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn


class FiringWatch:
    """Watches modules' outputs: which channels were ever above zero."""

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        """modules: by the names that the answer uses."""
        self._fired: dict[str, Tensor] = {}
        self._hooks = [module.register_forward_hook(self._marker(name)) for name, module in modules.items()]

    def _marker(self, name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def mark(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            fired = (output > 0).any(dim=(0, 2, 3)).cpu()
            self._fired[name] = fired | self._fired.get(name, torch.zeros_like(fired))

        return mark

    def stop(self) -> dict[str, Tensor]:
        """Stop watching; channels that fired, (channels,) bool, of each module that ran."""
        for hook in self._hooks:
            hook.remove()
        return self._fired
