"""LoL (Wei et al., "Deep Retinex decomposition for low-light enhancement", BMVC 2018): pairs for enhance.

    our485/low/NAME.png    taken with little light       our485/high/NAME.png    taken with enough
    eval15/low/NAME.png    the same, for validation      eval15/high/NAME.png

All are 8-bit RGB PNGs of 600x400.
"""

from pathlib import Path

from lwisp_export.training.pairs.file_listing import PairFiles, check_matched, list_files
from lwisp_export.training.pairs.file_pairs import RGB_INPUT, FilePairs

_LAYOUT = (
    "LoL holds our485/low, our485/high, eval15/low and eval15/high with PNGs of the same names; "
    "give the folder that holds our485 and eval15."
)


def open_lol(folder: Path) -> FilePairs:
    """The dataset in its published layout: trained on our485, validated on eval15.

    Raises UsageError if a folder is missing, a name is only on one side, or the first pairs are of another format.
    """
    pairs = FilePairs(_list_split(folder, "our485"), _list_split(folder, "eval15"), RGB_INPUT)
    pairs.check_first()
    return pairs


def _list_split(folder: Path, split: str) -> tuple[PairFiles, ...]:
    low = list_files(folder / split / "low", ".png", _LAYOUT)
    high = list_files(folder / split / "high", ".png", _LAYOUT)
    check_matched(folder / split, low, high, ("low", "high"))
    return tuple(PairFiles(f"{split}/{name}", split, low[name], high[name]) for name in low)
