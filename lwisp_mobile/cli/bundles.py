"""`lwisp pack`, `lwisp sign` and `lwisp verify-signature`: a bundle as one .zip, signed, and who signed it."""

import argparse
import sys
from pathlib import Path

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import load_bundle
from lwisp_mobile.bundle.signing import load_signed_bundle, sign_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.errors import SignatureError, UsageError


def _configure_pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="the bundle's folder")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .zip to write")


def _pack(arguments: argparse.Namespace) -> int:
    bundle = load_bundle(arguments.bundle)
    if arguments.output.suffix.lower() != ".zip":
        raise UsageError(f"{arguments.output} isn't named .zip; bundles are read from folders and .zip files.")
    for model in bundle.models:
        bundle.read(model.contract.precision)
    files = read_all(arguments.bundle)
    write_archive(arguments.output, files)
    print(f"{arguments.output}: {len(files)} files, {arguments.output.stat().st_size} bytes")
    return 0


pack = Command(_configure_pack, _pack)


def _configure_sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="a bundle's folder or .zip")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="PRIVATE", help="private key (PEM; NIST P-256, P-384 or P-521)"
    )


def _sign(arguments: argparse.Namespace) -> int:
    sign_bundle(arguments.bundle, arguments.key)
    print(f"{arguments.bundle}: signed")
    return 0


sign = Command(_configure_sign, _sign)


def _configure_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="a bundle's folder or .zip")
    parser.add_argument("--key", type=Path, required=True, metavar="PUBLIC", help="public key (PEM)")
    add_json_option(parser)


def _verify(arguments: argparse.Namespace) -> int:
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


verify_signature = Command(_configure_verify, _verify)
