"""`lwisp verify-signature`: check who signed a bundle."""

import argparse
import sys
from pathlib import Path

from lwisp_mobile.bundle.signing import load_signed_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.errors import SignatureError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="a bundle's folder or .zip")
    parser.add_argument("--key", type=Path, required=True, metavar="PUBLIC", help="public key (PEM)")
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    try:
        bundle = load_signed_bundle(arguments.bundle, arguments.key)
    except SignatureError as error:
        return _report(arguments, None, str(error))
    return _report(arguments, bundle.name, None)


def _report(arguments: argparse.Namespace, name: str | None, problem: str | None) -> int:
    if arguments.json:
        print_json({"bundle": arguments.bundle, "key": arguments.key, "signed": problem is None, "problem": problem})
    elif problem is None:
        print(f"{arguments.bundle}: {name}, signed by the owner of {arguments.key}")
    else:
        print(f"lwisp: {problem}", file=sys.stderr)
    return 0 if problem is None else 1


verify_signature = Command(_configure, _run)
