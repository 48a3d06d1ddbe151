"""What a user chooses for the pre-processing of one frame."""

from dataclasses import dataclass
from typing import Literal

from lwisp_mobile.contract import InputContract
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.corrections import NoiseProfile

MAX_EXPOSURE_EV = 8.0
MAX_DENOISE = 2.0


@dataclass(frozen=True)
class PrepareOptions:
    """What a user chooses for the pre-processing of one frame."""

    exposure_ev: float | Literal["auto"] = 0.0
    """Stops added to those the file asks for; "auto": from the frame's own light instead."""
    lens_shading: bool = True
    """Undo the lens's shading, where the file says how."""
    noise: NoiseProfile | None = None
    """The frame's noise, for networks that are told it; None: the file's, or an estimate from the mosaic."""
    denoise: float = 1.0
    """Factor on the noise that the network is told: 0 keeps all grain, 2 smooths strongly."""

    def __post_init__(self) -> None:
        """Raise UsageError on values that no picture needs, or NaN."""
        if self.exposure_ev != "auto" and not abs(self.exposure_ev) <= MAX_EXPOSURE_EV:
            raise UsageError(
                f"Exposure {self.exposure_ev} EV is out of ±{MAX_EXPOSURE_EV:g} EV; give a value within it."
            )
        if not 0 <= self.denoise <= MAX_DENOISE:
            raise UsageError(f"Denoising {self.denoise} is out of 0 to {MAX_DENOISE:g}; 1 is the frame's own noise.")

    def check_for(self, contract: InputContract) -> None:
        """Raise UsageError on what has no effect on this contract's network."""
        if contract.has_noise_plane:
            return
        given = [
            name for name, is_given in (("noise", self.noise is not None), ("denoise", self.denoise != 1)) if is_given
        ]
        if given:
            raise UsageError(
                f"This model isn't told the noise (its input has no noise plane): leave out {' and '.join(given)}."
            )
