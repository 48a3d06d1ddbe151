"""Options that choose a bundle's model and what runs it: one set for every command that runs one."""

import argparse
import os
import sys
from pathlib import Path

from lwisp_mobile.bundle.bundle import Bundle
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.engine.delegates import CPU
from lwisp_mobile.engine.interpreter import LITERT, TFLITE_RUNTIME, Target
from lwisp_mobile.engine.precision import AUTO
from lwisp_mobile.errors import UsageError


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add --bundle, --key, --precision and --threads, and what `target_of` reads."""
    parser.add_argument(
        "--bundle", default="lwisp", help="a bundle's folder or .zip, or the name of a shipped one; default: lwisp"
    )
    parser.add_argument(
        "--key", type=Path, metavar="PUBLIC", help="refuse a bundle that isn't signed by this key (PEM)"
    )
    parser.add_argument(
        "--precision",
        default=AUTO,
        help="int8, fp16, or another that the bundle contains; default: auto, which is int8 if this CPU has 8-bit "
        "dot-product instructions, else fp16",
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads; default: 2")
    _add_target_options(parser)


def bundle_of(arguments: argparse.Namespace) -> Bundle:
    """Load the chosen bundle. Raises BundleError or SignatureError."""
    return find_bundle(arguments.bundle, arguments.key)


def note_spare_threads(threads: int) -> None:
    """Tell who asks for more threads than there are cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or threads
    if threads > cores:
        print(f"note: {threads} threads on {cores} cores; more threads than cores are slower.", file=sys.stderr)


def _add_target_options(parser: argparse.ArgumentParser) -> None:
    """Add --engine, --delegate, --delegate-option and --require-delegate."""
    group = parser.add_argument_group("what runs the model")
    group.add_argument(
        "--engine",
        choices=(LITERT, TFLITE_RUNTIME),
        help="default: LiteRT, or tflite-runtime if only that is installed",
    )
    group.add_argument(
        "--delegate",
        default=CPU,
        metavar="NAME",
        help="cpu (XNNPACK; default), gpu, npu, or the path of an external delegate's library",
    )
    group.add_argument(
        "--delegate-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="for gpu: precision=fp32; for npu: openvino.graph_backend=CPU, qualcomm.FIELD=VALUE; for a library: "
        "its own; may be repeated",
    )
    group.add_argument(
        "--require-delegate", action="store_true", help="refuse a model unless the delegate runs all of it"
    )


def target_of(arguments: argparse.Namespace) -> Target:
    """Read the options as a Target. Raises UsageError if they contradict each other."""
    return Target(
        arguments.engine,
        arguments.delegate,
        tuple(_pair(text) for text in arguments.delegate_option),
        arguments.require_delegate,
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"--delegate-option {text!r} isn't KEY=VALUE.")
    return key, value
