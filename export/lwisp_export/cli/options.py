"""Options and output that several of the factory's subcommands share."""

import argparse
import sys
from pathlib import Path


def add_bundle_option(parser: argparse.ArgumentParser) -> None:
    """Add --bundle, for `find_bundle`."""
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")


def add_threads_option(parser: argparse.ArgumentParser, default: int) -> None:
    """Add --threads."""
    parser.add_argument("--threads", type=int, default=default, help=f"for computing (default: {default})")


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add --data, --device and --workers."""
    add_data_option(parser)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches (default: 1)")


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add --data."""
    parser.add_argument("--data", type=Path, required=True, help="folder with the recipe's photographs and sensors")


def print_progress(text: str) -> None:
    """Print a line of progress to stderr."""
    print(text, file=sys.stderr, flush=True)
