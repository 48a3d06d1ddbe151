"""The subcommand `lwisp evaluate`."""

import argparse

from lwisp_export.cli.options import add_bundle_option, add_data_option, add_threads_option, print_progress
from lwisp_export.evaluation.method_scores import evaluate_bundle, table
from lwisp_export.training.training_recipe import find_recipe
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json


def _configure(parser: argparse.ArgumentParser) -> None:
    add_data_option(parser)
    parser.add_argument("--recipe", default="lwisp", help="whose validation photographs (default: lwisp)")
    add_bundle_option(parser)
    add_threads_option(parser, default=2)
    add_json_option(parser)


def _evaluate(arguments: argparse.Namespace) -> int:
    recipe, bundle = find_recipe(arguments.recipe), find_bundle(arguments.bundle)
    results = evaluate_bundle(bundle, recipe.data, arguments.data, arguments.threads, print_progress)
    if arguments.json:
        print_json(results)
    else:
        print("\n".join(table(results)))
    return 0


evaluate = Command(_configure, _evaluate)
