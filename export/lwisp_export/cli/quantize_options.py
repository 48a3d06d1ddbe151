"""Options of `lwisp export` that choose its quantisation."""

import argparse
from pathlib import Path

from lwisp_export.calibration.manifest import MANIFEST_FILE, read_manifest
from lwisp_export.quantization.quantization_recipe import find_quantization
from lwisp_export.quantization.search import DriftBudget
from lwisp_export.quantization_step import QuantizeOptions


def add_quantize_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that `quantize_options_of` reads."""
    parser.add_argument("--calibration", type=Path, metavar="SET", help="a folder that `lwisp calibrate` wrote")
    parser.add_argument("--quantization", metavar="RECIPE", help="a recipe's .toml, or the name of one that ships")
    parser.add_argument("--min-drift-db", type=float, metavar="DB", help="budget: INT8 against float, median image")
    parser.add_argument("--min-worst-db", type=float, metavar="DB", help="budget: the same of the worst image")
    parser.add_argument("--max-delta-e", type=float, metavar="DE", help="budget: mean CIEDE2000 against float")


def quantize_options_of(arguments: argparse.Namespace) -> QuantizeOptions:
    """The options from parsed arguments. Raises UsageError on a recipe or set that can't be read."""
    limits = (arguments.min_drift_db, arguments.min_worst_db, arguments.max_delta_e)
    budget = None if all(limit is None for limit in limits) else DriftBudget(*limits)
    if arguments.calibration is not None:
        read_manifest(arguments.calibration / MANIFEST_FILE)  # refused now, not after the minutes of the conversion
    recipe = find_quantization(arguments.quantization) if arguments.quantization else None
    return QuantizeOptions(recipe, budget, arguments.calibration)
