"""The factory's subcommands."""

from lwisp_mobile.cli.command import CommandEntry


def _entry(name: str, summary: str) -> CommandEntry:
    module = name.replace("-", "_")
    return CommandEntry(name, summary, f"lwisp_export.cli.{module}:{module}", "export")


COMMANDS = (
    _entry("train", "Train a student by a recipe."),
    _entry("check-data", "Compare a data folder with the list of what training takes."),
    _entry("export", "Export a checkpoint to a bundle and verify it."),
    _entry("convert", "Convert a checkpoint or an ONNX to a float32 .tflite of one size."),
    _entry("calibrate", "Build a calibration set from RAW files and examine it."),
    _entry("verify", "Check a bundle's models for drift from the float checkpoint."),
    _entry("peers", "Compare INT8 with other quantisers' and in another runtime."),
    _entry("evaluate", "Score a bundle beside classical pipelines, by ISO."),
    _entry("ablate", "Train students with one part left out each; compare."),
    _entry("sheet", "Draw crops of RAW files beside LibRaw's rendering, at 100 %."),
    _entry("sample", "Write a sample DNG, from a public-domain photograph."),
    _entry("demo", "Export, verify, develop and time; write one report."),
)
