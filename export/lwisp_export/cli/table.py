"""The factory's subcommands."""

from lwisp_mobile.cli.command import CommandEntry


def _entry(name: str, summary: str, target: str) -> CommandEntry:
    return CommandEntry(name, summary, f"lwisp_export.cli.{target}", "export")


COMMANDS = (
    _entry("train", "Train a student by a recipe.", "commands:train"),
    CommandEntry(
        "export", "Export a checkpoint to a bundle and verify it.", "lwisp_export.cli.commands:export", "export"
    ),
    CommandEntry(
        "convert",
        "Convert a checkpoint or an ONNX to a float32 .tflite of one size.",
        "lwisp_export.cli.convert:convert",
        "export",
    ),
    CommandEntry(
        "calibrate",
        "Make a calibration set of RAW files and examine it.",
        "lwisp_export.cli.calibrate:calibrate",
        "export",
    ),
    CommandEntry(
        "verify", "Compare a bundle's models with the float checkpoint.", "lwisp_export.cli.commands:verify", "export"
    ),
    CommandEntry(
        "peers", "Compare INT8 with other quantisers' and in another runtime.", "lwisp_export.cli.peers:peers", "export"
    ),
    CommandEntry(
        "evaluate",
        "Compare a bundle with classical pipelines on fixed frames.",
        "lwisp_export.cli.commands:evaluate",
        "export",
    ),
    CommandEntry(
        "ablate", "Train students with one part left out each; compare.", "lwisp_export.cli.commands:ablate", "export"
    ),
    CommandEntry(
        "sheet", "Crops of RAW files beside LibRaw's rendering, at 100 %.", "lwisp_export.cli.commands:sheet", "export"
    ),
    CommandEntry(
        "sample",
        "Write a sample DNG made from a public-domain photograph.",
        "lwisp_export.cli.commands:sample",
        "export",
    ),
    CommandEntry(
        "demo", "Export, verify, develop and time; write one report.", "lwisp_export.cli.commands:demo", "export"
    ),
)
