"""`lwisp sign`: sign a bundle."""

import argparse
from pathlib import Path

from lwisp_mobile.bundle.signing import sign_bundle
from lwisp_mobile.cli.command import Command


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="a bundle's folder or .zip")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="PRIVATE", help="private key (PEM; NIST P-256, P-384 or P-521)"
    )


def _run(arguments: argparse.Namespace) -> int:
    sign_bundle(arguments.bundle, arguments.key)
    print(f"{arguments.bundle}: signed")
    return 0


sign = Command(_configure, _run)
