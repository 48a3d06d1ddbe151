"""The options of `lwisp bench run` that choose the native runner."""

import argparse


def add_native_options(parser: argparse.ArgumentParser) -> None:
    """Add --native and --native-flag."""
    parser.add_argument(
        "--native", metavar="FILE", help="run this benchmark_model, built for the devices, instead of the worker"
    )
    parser.add_argument(
        "--native-flag",
        action="append",
        default=[],
        metavar="FLAG",
        help="one more flag of it, as --native-flag=--use_gpu=true; repeatable",
    )
