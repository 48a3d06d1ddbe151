"""Options that choose an engine and a delegate: one set for every command that runs a model."""

import argparse

from lwisp_mobile.engine.delegates import CPU
from lwisp_mobile.engine.interpreter import LITERT, TFLITE_RUNTIME, Target
from lwisp_mobile.errors import UsageError


def add_target_options(parser: argparse.ArgumentParser) -> None:
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
