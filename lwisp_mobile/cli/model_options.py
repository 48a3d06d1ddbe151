"""Options that choose a bundle's model and what runs it: one set for every command that runs one."""

import argparse
from pathlib import Path

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.target_options import add_target_options
from lwisp_mobile.engine.precision import AUTO


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add --bundle, --key, --precision and --threads, and those of `add_target_options`."""
    parser.add_argument(
        "--bundle", default="lwisp", help="a bundle's folder or .zip, or the name of a shipped one; default: lwisp"
    )
    parser.add_argument(
        "--key", type=Path, metavar="PUBLIC", help="refuse a bundle that isn't signed by this key (PEM)"
    )
    parser.add_argument(
        "--precision",
        default=AUTO,
        help="int8, fp16, or another that the bundle contains; default: auto, which is int8 if this CPU has 8-bit "
        "dot-product instructions, else fp16",
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads; default: 2")
    add_target_options(parser)


def bundle_of(arguments: argparse.Namespace) -> Bundle:
    """Load the chosen bundle. Raises BundleError or SignatureError."""
    return find_bundle(arguments.bundle, arguments.key)
