"""`lwisp inspect`: what a file contains."""

import argparse
from typing import Any

from lwisp_mobile.batch.jobs import decoding
from lwisp_mobile.bundle.lookup import named_path
from lwisp_mobile.cli.command import Command, add_json_option, print_json
from lwisp_mobile.cli.raw_options import add_raw_options, add_sandbox_option, hints_of
from lwisp_mobile.inspect.audit import Fault, StrictReport
from lwisp_mobile.inspect.report import examine_file, inspect_file


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=named_path,
        help="a RAW, .tflite, .onnx, .safetensors, bundle's folder or .zip, or a shipped name",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="audit a model's real arithmetic and what CPUs, GPUs and NPUs take; exit code 1 if it has a fault",
    )
    add_sandbox_option(parser)
    add_raw_options(parser)
    add_json_option(parser)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.strict:
        return _audit(arguments)
    with decoding(arguments.sandbox):
        found = inspect_file(arguments.file, hints_of(arguments))
    if arguments.json:
        print_json(found)
    else:
        print("\n".join(_lines(found)))
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    reports = examine_file(arguments.file)
    if arguments.json:
        print_json(reports)
    else:
        print("\n".join(line for name, report in reports.items() for line in _audit_lines(name, report)))
    return 1 if any(report.faults for report in reports.values()) else 0


def _audit_lines(name: str, report: StrictReport) -> list[str]:
    work = [f"{w.arithmetic} {w.macs_share:.1%} ({w.operations} operations)" for w in report.work]
    faults = [line for fault in report.faults for line in _fault_lines(fault)] or ["  no faults"]
    return [f"{name}: multiply-adds in {', '.join(work)}", *faults]


def _fault_lines(fault: Fault) -> list[str]:
    refused = [f"    refused by: {fault.refused_by}", f"    way out: {fault.way_out}"] if fault.refused_by else []
    return [f"  {fault.kind}: {fault.message}", *refused]


def _lines(tree: dict[str, Any], indent: str = "") -> list[str]:
    """A tree as indented 'key: value' lines."""
    lines: list[str] = []
    for key, value in tree.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            lines.append(f"{indent}{key}:")
            lines += [
                f"{indent}  {_one_line(item)}" if _is_flat(item) else "\n".join(_lines(item, indent + "  "))
                for item in value
            ]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines


def _is_flat(item: dict[str, Any]) -> bool:
    return not any(isinstance(value, dict | list | tuple) for value in item.values())


def _one_line(item: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in item.items())


inspect = Command(_configure, _run)
