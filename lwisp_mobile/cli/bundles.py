"""`lwisp pack`, `lwisp sign` and `lwisp verify-signature`: a bundle as one .zip, signed, and who signed it."""

import argparse
import sys
from pathlib import Path

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import load_bundle, shipped_names
from lwisp_mobile.bundle.lookup import named_path
from lwisp_mobile.bundle.signing import load_signed_bundle, sign_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.errors import SignatureError, UsageError


def _configure_pack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=named_path, help="the bundle's folder, or a shipped name")
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
    parser.add_argument("bundle", help="a bundle's folder or .zip, or a shipped name (with --output)")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="PRIVATE", help="private key (PEM; NIST P-256, P-384 or P-521)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="ZIP", help="sign a copy (default: the bundle itself)")


def _sign(arguments: argparse.Namespace) -> int:
    name, bundle = arguments.bundle, named_path(arguments.bundle)
    if arguments.output is not None:
        if arguments.output.suffix.lower() != ".zip":
            raise UsageError(f"{arguments.output} isn't named .zip; a signed copy is one.")
        write_archive(arguments.output, read_all(bundle))
        bundle = arguments.output
    elif name in shipped_names():
        raise UsageError(f"{name} belongs to the package and stays as it is. Sign a copy: -o {name}.zip")
    sign_bundle(bundle, arguments.key)
    print(f"{bundle}: signed")
    return 0


sign = Command(_configure_sign, _sign)


def _configure_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=named_path, help="a bundle's folder or .zip, or a shipped name")
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
