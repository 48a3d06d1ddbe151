"""`lwisp pack`: a bundle's folder as one .zip."""

import argparse
from pathlib import Path

from lwisp_mobile.bundle.archive import read_all, write_archive
from lwisp_mobile.bundle.bundle import load_bundle
from lwisp_mobile.cli.command import Command
from lwisp_mobile.errors import UsageError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="the bundle's folder")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .zip to write")


def _run(arguments: argparse.Namespace) -> int:
    bundle = load_bundle(arguments.bundle)
    if arguments.output.suffix.lower() != ".zip":
        raise UsageError(f"{arguments.output} isn't named .zip; bundles are read from folders and .zip files.")
    for model in bundle.models:
        bundle.read(model.contract.precision)
    files = read_all(arguments.bundle)
    write_archive(arguments.output, files)
    print(f"{arguments.output}: {len(files)} files, {arguments.output.stat().st_size} bytes")
    return 0


pack = Command(_configure, _run)
