"""Options for how a picture is to look: exposure, tone, noise, and what is undone of the lens's faults."""

import argparse
from typing import Literal, get_args

from lwisp_mobile.cli.raw_options import parse_numbers
from lwisp_mobile.errors import RawFormatError, UsageError
from lwisp_mobile.frame.developer import PictureOptions
from lwisp_mobile.output.tone import Tone
from lwisp_mobile.raw.corrections import NoiseProfile


def add_picture_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that `picture_options_of` reads."""
    group = parser.add_argument_group("how the picture looks")
    group.add_argument(
        "--exposure",
        type=_exposure,
        default=0.0,
        metavar="EV|auto",
        help="stops brighter (+) or darker (-), beside those the file asks for; auto: by the frame's own light",
    )
    group.add_argument(
        "--tone",
        choices=get_args(Tone),
        help="neutral sRGB, a camera's usual look, or more contrast; default: as the model renders",
    )
    group.add_argument(
        "--denoise",
        type=float,
        default=1.0,
        metavar="0..2",
        help="how much noise is removed; for models that are told the noise",
    )
    group.add_argument(
        "--noise",
        type=_noise,
        metavar="SHOT,READ",
        help="the noise's variance at light x in [0, 1], SHOT x + READ, in place of the file's or an estimate; "
        "for models that are told the noise",
    )
    for name, faults in (("lens-shading", "shading"), ("distortion", "distortion and lateral colour")):
        group.add_argument(
            f"--{name}",
            action=argparse.BooleanOptionalAction,
            default=True,
            help=f"undo the lens's {faults}, where the file says how; default: on",
        )


def picture_options_of(arguments: argparse.Namespace) -> PictureOptions:
    """Read the options, but for the memory budget."""
    return {
        "exposure_ev": arguments.exposure,
        "lens_shading": arguments.lens_shading,
        "noise": arguments.noise,
        "denoise": arguments.denoise,
        "tone": arguments.tone,
        "distortion": arguments.distortion,
    }


def _exposure(text: str) -> float | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--exposure {text!r} isn't a number of stops; give one, such as +1.5, or auto.") from None


def _noise(text: str) -> NoiseProfile:
    shot, read = parse_numbers("--noise", text, (2,))
    try:
        return NoiseProfile((shot,) * 3, (read,) * 3)
    except RawFormatError:
        raise UsageError(f"--noise {text} has a negative or infinite number; give two of 0 or more.") from None
