"""The factory's subcommands: training, export, verification, evaluation, sample and demo."""

import argparse
import sys
from importlib.resources import files
from pathlib import Path

from lwisp_export.cli.quantize_options import add_quantize_options, quantize_options_of
from lwisp_export.demo import DemoOptions, run_demo
from lwisp_export.evaluation.evaluation import evaluate_bundle, table
from lwisp_export.evaluation.sheet import draw_sheet
from lwisp_export.export import ExportPaths
from lwisp_export.export import export as run_export
from lwisp_export.quantization.text import report_lines
from lwisp_export.synthesis.sample import write_sample
from lwisp_export.synthesis.tiles import read_frames
from lwisp_export.training.ablation_study import ablate as run_ablation
from lwisp_export.training.ablation_study import table as ablation_table
from lwisp_export.training.recipe import load_recipe
from lwisp_export.training.train import TrainOptions
from lwisp_export.training.train import train as run_training
from lwisp_export.verification.bundle_check import check_bundle, check_shipped
from lwisp_export.verification.drift.page_data import drift_report
from lwisp_export.verification.drift.run import PAGE_NAME, report_drift
from lwisp_export.verification.verify import DriftReport
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.cli.raw_options import add_raw_options, hints_of
from lwisp_mobile.errors import UsageError


def shipped_checkpoint(name: str = "lwisp") -> Path:
    """The checkpoint that ships under a name."""
    return Path(str(files("lwisp_export"))) / "checkpoints" / f"{name}.safetensors"


def find_recipe(name: str) -> Path:
    """A recipe's file, or one that ships by its name. Raises UsageError naming those that do."""
    shipped = Path(str(files("lwisp_export"))) / "recipes"
    path = Path(name) if name.endswith(".toml") else shipped / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in shipped.glob("*.toml")))
        raise UsageError(f"There is no recipe {name!r}; give a .toml file or one of: {known}.")
    return path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _add_training_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with the recipe's photographs and sensors")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches; default: 1")
    add_json_option(parser)


def _configure_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", help="a recipe's .toml, or the name of one that ships")
    parser.add_argument("--run", type=Path, help="folder for state, checkpoint and log; default: runs/NAME")
    parser.add_argument("--start", type=Path, help="checkpoint to start from when the run's folder holds no state")
    parser.add_argument("--moments", type=Path, help="the optimiser's moments kept with that checkpoint")
    parser.add_argument("--teacher", type=Path, help="the teacher's checkpoint, for recipes that distil")
    parser.add_argument("--threads", type=int, default=1, help="for computing; default: 1")
    parser.add_argument("--steps", type=int, help="stop after this step of the schedule")
    _add_training_options(parser)


def _train(arguments: argparse.Namespace) -> int:
    recipe = load_recipe(find_recipe(arguments.recipe))
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
    result = run_training(recipe, options, _say)
    if arguments.json:
        print_json(result)
    else:
        print(f"{options.run / recipe.name}.safetensors")
    return 0


def _configure_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, nargs="?", help="default: the one that ships")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--work", type=Path, default=Path("build/export"), help="for the ONNX and float32 models")
    parser.add_argument("--calibrate", type=Path, nargs="+", default=[], metavar="RAW", help="frames to calibrate with")
    add_quantize_options(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _export(arguments: argparse.Namespace) -> int:
    checkpoint = arguments.checkpoint or shipped_checkpoint()
    frames = read_frames(arguments.calibrate, hints_of(arguments))
    paths = ExportPaths(checkpoint, arguments.output, arguments.work)
    exported = run_export(paths, frames, _say, quantize_options_of(arguments))
    tried = exported.quantized.report
    if tried is not None:
        _say("\n".join(report_lines(tried)))
    code = _conclude(check_bundle(exported, checkpoint, [], _say), arguments.json)
    return code if tried is None or tried.met else 1


def _configure_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="*", help="default: frames made from photographs")
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships")
    parser.add_argument("--report", type=Path, metavar="FOLDER", help="write drift.html and drift.json there, too")
    add_raw_options(parser)
    add_json_option(parser)


def _verify(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle)
    checkpoint = arguments.checkpoint or shipped_checkpoint(bundle.name)
    frames = read_frames(arguments.raw, hints_of(arguments))
    if arguments.report is None:
        return _conclude(check_shipped(bundle, checkpoint, frames, _say), arguments.json)
    page = report_drift(bundle, checkpoint, frames, arguments.report, _say)
    _say(f"report: {arguments.report / PAGE_NAME}")
    return _conclude(drift_report(page), arguments.json)


def _conclude(report: DriftReport, as_json: bool) -> int:
    """Print a drift report; 1 if a stage left its budget."""
    failing = report.first_failing
    if as_json:
        print_json(report)
    else:
        print_drift(report)
    if failing is not None:
        _say(f"{failing.stage} is the first stage out of its budget: {'; '.join(failing.violations)}")
    return 0 if failing is None else 1


def print_drift(report: DriftReport) -> None:
    """A line per stage."""
    print("stage     max |diff|   median PSNR   worst PSNR   least SSIM   dE mean   dE p99   verdict")
    for stage in report.stages:
        median, worst = ("equal" if v is None else f"{v:.2f} dB" for v in (stage.median_psnr_db, stage.worst_psnr_db))
        verdict = "out of budget" if stage.violations else "within budget"
        print(
            f"{stage.stage:<9} {stage.max_abs_diff:>10.1e} {median:>13} {worst:>12} {stage.ssim_min:>12.5f} "
            f"{stage.delta_e_mean:>9.3f} {stage.delta_e_p99:>8.2f}   {verdict}"
        )


def _configure_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with the recipe's photographs and sensors")
    parser.add_argument("--recipe", default="lwisp", help="whose validation photographs (default: lwisp)")
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")
    parser.add_argument("--threads", type=int, default=2)
    add_json_option(parser)


def _evaluate(arguments: argparse.Namespace) -> int:
    recipe = load_recipe(find_recipe(arguments.recipe))
    results = evaluate_bundle(find_bundle(arguments.bundle), recipe.data, arguments.data, arguments.threads, _say)
    if arguments.json:
        print_json(results)
    else:
        print("\n".join(table(results)))
    return 0


def _configure_ablate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", nargs="?", default="ablation", help="a recipe's .toml or name (default: ablation)")
    parser.add_argument("--teacher", type=Path, required=True, help="the teacher's checkpoint")
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"), help="folder for the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    _add_training_options(parser)


def _ablate(arguments: argparse.Namespace) -> int:
    recipe = load_recipe(find_recipe(arguments.recipe))
    options = TrainOptions(
        data=arguments.data,
        run=arguments.run,
        teacher=arguments.teacher,
        device=arguments.device,
        workers=arguments.workers,
    )
    results = run_ablation(recipe, options, arguments.seeds, _say)
    if arguments.json:
        print_json(results)
    else:
        print("\n".join(ablation_table(results)))
    return 0


def _configure_sheet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, default=Path("sheet.png"))
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")
    parser.add_argument("--threads", type=int, default=2)
    add_raw_options(parser)


def _sheet(arguments: argparse.Namespace) -> int:
    frames = read_frames(arguments.raw, hints_of(arguments))
    bundle = find_bundle(arguments.bundle)
    draw_sheet(arguments.output, frames, bundle, arguments.threads, _say)
    print(arguments.output)
    return 0


def _configure_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, default=Path("sample.dng"))


def _sample(arguments: argparse.Namespace) -> int:
    write_sample(arguments.output)
    print(arguments.output)
    return 0


def _configure_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("raw", type=Path, nargs="?", help="your RAW file; default: a sample made from a photograph")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/demo"), help="folder for everything it makes")
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships")
    parser.add_argument("--threads", type=int, default=2)
    add_raw_options(parser)


def _demo(arguments: argparse.Namespace) -> int:
    raw = arguments.raw
    if raw is None:
        raw = arguments.output / "sample.dng"
        arguments.output.mkdir(parents=True, exist_ok=True)
        write_sample(raw)
    checkpoint = arguments.checkpoint or shipped_checkpoint()
    options = DemoOptions(raw, hints_of(arguments), checkpoint, arguments.output, arguments.threads)
    summary = run_demo(options, _say)
    code = _conclude(summary.drift, as_json=False)
    print(f"pictures: {summary.int8_picture} (INT8), {summary.float_picture} (float)")
    print(f"report:   {summary.report}")
    return code


train = Command(_configure_train, _train)
export = Command(_configure_export, _export)
verify = Command(_configure_verify, _verify)
evaluate = Command(_configure_evaluate, _evaluate)
ablate = Command(_configure_ablate, _ablate)
sheet = Command(_configure_sheet, _sheet)
sample = Command(_configure_sample, _sample)
demo = Command(_configure_demo, _demo)
