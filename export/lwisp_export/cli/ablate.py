"""The subcommand `lwisp ablate`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_training_options, print_progress
from lwisp_export.training.ablation_study import ablate as run_ablation
from lwisp_export.training.ablation_study import table
from lwisp_export.training.training_recipe import find_recipe
from lwisp_export.training.training_run import TrainOptions
from lwisp_mobile.cli.command import Command, add_json_option, print_result


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", nargs="?", default="ablation", help="a recipe's .toml or name (default: ablation)")
    parser.add_argument("--teacher", type=Path, required=True, help="the teacher's checkpoint")
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"), help="folder for the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    add_training_options(parser)
    add_json_option(parser)


def _ablate(arguments: argparse.Namespace) -> int:
    options = TrainOptions(
        data=arguments.data,
        run=arguments.run,
        teacher=arguments.teacher,
        device=arguments.device,
        workers=arguments.workers,
    )
    results = run_ablation(find_recipe(arguments.recipe), options, arguments.seeds, print_progress)
    print_result(results, table(results), arguments.json)
    return 0


ablate = Command(_configure, _ablate)
