"""The subcommand `lwisp evaluate`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lwisp_export.cli.options import add_threads_option, print_progress
from lwisp_export.evaluation.classical import PIPELINES, Pipeline
from lwisp_export.evaluation.method_scores import (
    EVALUATION_ISOS,
    MethodScores,
    evaluate_bundles,
    evaluation_frames,
    rendered_tone,
    table,
)
from lwisp_export.evaluation.quality_chart import draw_chart
from lwisp_export.evaluation.quality_cost import CHART_ISOS, with_costs
from lwisp_export.evaluation.semi_real import evaluate_raws, semi_real_table
from lwisp_export.training.training_recipe import find_recipe
from lwisp_mobile.bundle.bundle import Bundle, shipped_names
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_result
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.contract import RenderedTone
from lwisp_mobile.errors import MissingExtraError, UsageError
from lwisp_mobile.serialize.files import atomic_write


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
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="those too that the recipe holds out, such as lwisp-skip's 16, which no shipped student was trained on",
    )
    parser.add_argument(
        "--chart",
        type=Path,
        metavar="SVG",
        help="draw quality against multiply-adds at ISO "
        f"{', '.join(map(str, CHART_ISOS))}, of every shipped bundle unless --bundle names some; with --data",
    )
    parser.add_argument(
        "--bundle",
        action="append",
        help="a bundle's folder, or a shipped name; repeatable (default: lwisp; with --chart: all that ship)",
    )
    parser.add_argument(
        "--tone",
        choices=("neutral", "contrast"),
        help="of all pictures and truths; default: as the bundles render, or neutral if they differ",
    )
    add_threads_option(parser, default=2)
    add_json_option(parser)
    add_raw_options(parser)


def _evaluate(arguments: argparse.Namespace) -> int:
    names = arguments.bundle or (shipped_names() if arguments.chart else ("lwisp",))
    bundles = [find_bundle(name) for name in names]
    rendered: RenderedTone = arguments.tone or rendered_tone(bundles)
    if arguments.raws and arguments.chart:
        raise UsageError("--chart is drawn of photographs; give --data instead of --raws.")
    if arguments.raws:
        found = evaluate_raws(
            bundles, arguments.raws, hints_of(arguments), rendered, print_progress, threads=arguments.threads
        )
        print_result(found, semi_real_table(found), arguments.json)
        return 0
    results = _score_photographs(arguments, bundles, rendered)
    print_result(results, table(results), arguments.json)
    return 0


def _score_photographs(
    arguments: argparse.Namespace, bundles: Sequence[Bundle], rendered: RenderedTone
) -> tuple[MethodScores, ...]:
    data = find_recipe(arguments.recipe).data
    isos = CHART_ISOS if arguments.chart else EVALUATION_ISOS
    frames = evaluation_frames(data, arguments.data, isos, rendered, held_out=arguments.held_out)
    if not arguments.chart:
        return evaluate_bundles(bundles, frames, rendered, print_progress, threads=arguments.threads)
    others, costs = _other_networks()
    pipelines = [*(one for one in PIPELINES if not one.denoised), *others]
    results = evaluate_bundles(
        bundles, frames, rendered, print_progress, threads=arguments.threads, pipelines=pipelines
    )
    subtitle = (
        f"Mean PSNR of {results[0].scores[0].pictures} photographs, {rendered} tone. "
        "Filled: float; hollow: INT8; dashed: no network. Oracles know the true colours."
    )
    with atomic_write(arguments.chart) as temporary:
        temporary.write_text(draw_chart(with_costs(results, bundles, costs), subtitle), encoding="utf-8")
    return results


def _other_networks() -> tuple[list[Pipeline], dict[str, float]]:
    """Other networks with their multiply-adds per pixel; those that aren't installed are named and left out."""
    from lwisp_export.evaluation.demosaicnet import MACS_PER_PX, load_demosaicnet  # noqa: PLC0415

    try:
        network = load_demosaicnet()
    except MissingExtraError as error:
        print_progress(f"note: left out of the chart: {error}")
        return [], {}
    return [network], {network.name: MACS_PER_PX}


evaluate = Command(_configure, _evaluate)
