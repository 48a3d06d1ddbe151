"""The subcommand `lwisp rate`."""

import argparse

from lwisp_bench.studies.mac_rate import Rate, RateReport, measure_rate
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command, add_json_option, print_result


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", default="lwisp", help="a bundle's folder, or a shipped name (default: lwisp)")
    parser.add_argument("--precision", default="fp16", help="default: fp16 (float arithmetic)")
    parser.add_argument("--size", type=int, default=256, help="packed side in px (default: 256)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=10, help="per round; there are 5 rounds, in turns")
    add_json_option(parser)


def _rate(arguments: argparse.Namespace) -> int:
    bundle = find_bundle(arguments.bundle)
    report = measure_rate(bundle, arguments.precision, arguments.size, arguments.threads, arguments.runs)
    print_result(report, _lines(report), arguments.json)
    return 0


def _lines(report: RateReport) -> list[str]:
    return [
        *(_line(rate) for rate in (report.model, report.convolution)),
        f"share: {100 * report.share:.1f} % of the convolution's rate",
        f"{report.runtime}, {report.machine}, {report.threads} threads on {report.cpus} CPUs, {report.clock} clock",
    ]


def _line(rate: Rate) -> str:
    shape = "x".join(map(str, rate.shape))
    return (
        f"{rate.name:<22} {shape:<16} {rate.macs / 1e9:6.2f} GMAC  p50 {rate.median_ms:7.2f} ms  "
        f"{rate.gmacs_per_s:6.1f} GMAC/s  ({len(rate.samples_ms)} runs)"
    )


rate = Command(_configure, _rate)
