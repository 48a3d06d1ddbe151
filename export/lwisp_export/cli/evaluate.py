"""The subcommand `lwisp evaluate`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_bundle_option, add_threads_option, print_progress
from lwisp_export.evaluation.method_scores import evaluate_bundle, table
from lwisp_export.evaluation.semi_real import evaluate_raws, semi_real_table
from lwisp_export.training.training_recipe import find_recipe
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of


def _configure(parser: argparse.ArgumentParser) -> None:
    frames = parser.add_mutually_exclusive_group(required=True)
    frames.add_argument("--data", type=Path, help="folder with the recipe's photographs and sensors")
    frames.add_argument(
        "--raws",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="RAW files of low ISO, binned 2x2 and mosaicked again with known noise; or linear RGB PNGs of 16 bits, "
        "each with NAME_metadata.json beside it, whose illuminant_color_raw is R, G, B of a grey surface",
    )
    parser.add_argument("--recipe", default="lwisp", help="whose validation photographs (default: lwisp); with --data")
    add_bundle_option(parser)
    add_threads_option(parser, default=2)
    add_json_option(parser)
    add_raw_options(parser)


def _evaluate(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle)
    if arguments.raws:
        scores = evaluate_raws(bundle, arguments.raws, hints_of(arguments), arguments.threads, print_progress)
        print_result(scores, semi_real_table(scores), arguments.json)
    else:
        recipe = find_recipe(arguments.recipe)
        results = evaluate_bundle(bundle, recipe.data, arguments.data, arguments.threads, print_progress)
        print_result(results, table(results), arguments.json)
    return 0


evaluate = Command(_configure, _evaluate)
