"""The subcommand `lwisp train`."""

import argparse
from pathlib import Path

from lwisp_export.cli.options import add_threads_option, add_training_options, print_progress
from lwisp_export.training.training_recipe import find_recipe
from lwisp_export.training.training_run import TrainOptions
from lwisp_export.training.training_run import train as run_training
from lwisp_mobile.cli.command import Command, add_json_option, print_result


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", help="a recipe's .toml, or the name of one that ships")
    parser.add_argument("--run", type=Path, help="folder for state, checkpoint and log (default: runs/NAME)")
    parser.add_argument("--start", type=Path, help="checkpoint to start from when the run's folder has no state yet")
    parser.add_argument("--moments", type=Path, help="the optimiser's moments saved with that checkpoint")
    parser.add_argument("--teacher", type=Path, help="the teacher's checkpoint, for recipes that distil")
    parser.add_argument("--steps", type=int, help="stop after this step of the schedule")
    add_threads_option(parser, default=1)
    add_training_options(parser)
    add_json_option(parser)


def _train(arguments: argparse.Namespace) -> int:
    recipe = find_recipe(arguments.recipe)
    options = TrainOptions(
        data=arguments.data,
        run=arguments.run or Path("runs") / recipe.name,
        start=arguments.start,
        moments=arguments.moments,
        teacher=arguments.teacher,
        device=arguments.device,
        workers=arguments.workers,
        threads=arguments.threads,
        steps=arguments.steps,
    )
    result = run_training(recipe, options, print_progress)
    print_result(result, [f"{options.run / recipe.name}.safetensors"], arguments.json)
    return 0


train = Command(_configure, _train)
