"""Options for what a RAW file doesn't say: one set for every command that reads RAW files."""

import argparse
from collections.abc import Sequence

from lwisp_mobile.contract import Matrix3
from lwisp_mobile.errors import UsageError
from lwisp_mobile.raw.cfa import CFA_ORDERS
from lwisp_mobile.raw.hints import WHITE_BALANCES, RawHints, matrix_from_nine, temperature_and_tint
from lwisp_mobile.raw.image import Gains


def add_raw_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for `RawHints`; an option wins over the sidecar, which wins over the file."""
    group = parser.add_argument_group(
        "facts the RAW file lacks or has wrong (a sidecar photo.raw.toml can give them, too)"
    )
    group.add_argument(
        "--white-balance", metavar="|".join((*WHITE_BALANCES, "5200K", "5200K+10", "R,G,B")), help="default: as-shot"
    )
    group.add_argument("--size", metavar="WxH", help="width and height in px of a mosaic without a header")
    group.add_argument("--cfa", choices=CFA_ORDERS, help="filter order of the 2x2 cell at the top left")
    group.add_argument("--bits", type=int, help="bits per sample of a mosaic without a header, 8 to 16")
    group.add_argument("--stride", type=int, help="bytes from row to row of a mosaic without a header")
    group.add_argument("--byte-order", choices=("little", "big"), help="of 16-bit samples; default: little")
    group.add_argument(
        "--black", metavar="B or B,B,B,B", help="black level as a sensor value: one, or one per site of the 2x2 cell"
    )
    group.add_argument("--white", type=float, help="white level as a sensor value")
    group.add_argument(
        "--matrix", metavar="M,…", help="9 numbers, row by row: white-balanced camera RGB to linear sRGB"
    )
    group.add_argument("--orientation", type=int, help="EXIF orientation, 1 to 8")


def add_sandbox_option(parser: argparse.ArgumentParser) -> None:
    """Add --sandbox and --no-sandbox, read as `arguments.sandbox`."""
    parser.add_argument(
        "--sandbox",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="decode camera files and PNG in a separate process with limits on memory and time; default: on",
    )


def hints_of(arguments: argparse.Namespace) -> RawHints:
    """Read the options as RawHints. Raises UsageError or RawError naming the one that can't be used."""
    return RawHints(
        size=_size(arguments.size),
        cfa=arguments.cfa,
        bits=arguments.bits,
        stride=arguments.stride,
        byte_order=arguments.byte_order,
        black=_black(arguments.black),
        white=arguments.white,
        white_balance=_white_balance(arguments.white_balance),
        matrix=_matrix(arguments.matrix),
        orientation=arguments.orientation,
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise UsageError(f"--size {text!r} isn't a size; give WIDTHxHEIGHT in pixels, for example 1920x1080.")
    return int(width), int(height)


def _black(text: str | None) -> float | tuple[float, float, float, float] | None:
    if text is None:
        return None
    values = parse_numbers("--black", text, (1, 4))
    return values[0] if len(values) == 1 else (values[0], values[1], values[2], values[3])


def _white_balance(text: str | None) -> str | Gains | None:
    if text is None or text in WHITE_BALANCES or temperature_and_tint(text) is not None:
        return text
    red, green, blue = parse_numbers("--white-balance", text, (3,))
    return red, green, blue


def _matrix(text: str | None) -> Matrix3 | None:
    return None if text is None else matrix_from_nine(parse_numbers("--matrix", text, (9,)))


def parse_numbers(flag: str, text: str, counts: Sequence[int]) -> list[float]:
    """Comma-separated numbers of an option. Raises UsageError unless there are as many as one of the counts."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in counts:
        wanted = " or ".join(map(str, counts))
        raise UsageError(f"{flag} {text!r} can't be read; give {wanted} comma-separated number(s).")
    return values
