"""The subcommand `lwisp ablate`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_threads_option, add_training_options, print_progress
from lwisp_export.training.ablation_study import Variant, run_study, table, variants
from lwisp_export.training.training_recipe import find_recipe
from lwisp_export.training.training_run import TrainOptions
from lwisp_mobile.cli.command import Command, add_json_option, print_result


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "recipe",
        nargs="*",
        default=["ablation"],
        help="a recipe's .toml or name, whose parts are left out one by one (default: ablation); several: compare them",
    )
    parser.add_argument("--teacher", type=Path, help="the teacher's checkpoint, for recipes that distil")
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"), help="folder for the runs")
    parser.add_argument("--results", type=Path, help="CSV with a row per finished run (default: RUN/results.csv)")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2], help="none: only print the results so far")
    add_threads_option(parser, default=1)
    add_training_options(parser)
    add_json_option(parser)


def _ablate(arguments: argparse.Namespace) -> int:
    recipes = tuple(Variant(Path(name).stem, find_recipe(name)) for name in arguments.recipe)
    options = TrainOptions(
        data=arguments.data,
        run=arguments.run,
        teacher=arguments.teacher,
        device=arguments.device,
        workers=arguments.workers,
        threads=arguments.threads,
    )
    compared = variants(recipes[0].recipe) if len(recipes) == 1 else recipes
    results = arguments.results or arguments.run / "results.csv"
    runs = run_study(compared, options, arguments.seeds, results, print_progress)
    print_result(runs, table(runs), arguments.json)
    return 0


ablate = Command(_configure, _ablate)
