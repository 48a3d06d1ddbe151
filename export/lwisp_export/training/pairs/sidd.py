"""SIDD, sRGB, small and medium (Abdelhamed, Lin and Brown, CVPR 2018): pairs for denoise.

    Data/0001_001_S6_00100_00060_3200_L/0001_NOISY_SRGB_010.PNG    medium: two pictures per scene, 010 and 011
    Data/0001_001_S6_00100_00060_3200_L/0001_GT_SRGB_010.PNG
    Data/0001_001_S6_00100_00060_3200_L/NOISY_SRGB_010.PNG         small: one, without the number in front
    Data/0001_001_S6_00100_00060_3200_L/GT_SRGB_010.PNG

A folder's name is instance, scene, phone, ISO, shutter, colour temperature and light. The published validation blocks
are of other instances of the same ten scenes; here whole scenes are held out, so that nothing seen is validated on.
"""

import re
from collections.abc import Collection
from pathlib import Path

from lwisp_export.training.pairs.file_listing import PairFiles, check_matched, list_folder
from lwisp_export.training.pairs.file_pairs import RGB_INPUT, FilePairs
from lwisp_mobile.errors import UsageError

HELD_OUT_SCENES = ("009", "010")
"""9 of the 160 instances; two phones, ISO 100 to 1600."""

_LAYOUT = (
    "SIDD (small or medium, sRGB) holds Data/0001_001_S6_00100_00060_3200_L/ and so on, each with NOISY_SRGB_010.PNG "
    "and GT_SRGB_010.PNG, or 0001_NOISY_SRGB_010.PNG and 0001_GT_SRGB_010.PNG; give the folder that holds Data."
)
_SCENE = re.compile(r"\d{4}_(?P<scene>\d{3})_[A-Z0-9]{2}_(?P<iso>\d{5})_\d{5}_\d{4}_[LNH]")
_FILE = re.compile(r"(?:\d{4}_)?(?P<kind>GT|NOISY)_SRGB_(?P<number>\d{3})\.PNG", re.IGNORECASE)


def open_sidd(folder: Path, held_out: Collection[str] = HELD_OUT_SCENES) -> FilePairs:
    """The dataset in its published layout. held_out: scenes (three digits) for validation only.

    Raises UsageError if Data is missing, a folder's name isn't a scene's, a picture has only one file, nothing is left
    on one side, or the first pairs are of another format.
    """
    folders = [path for path in list_folder(folder / "Data", _LAYOUT) if path.is_dir()]
    scenes = {path: _parse(path) for path in folders}
    sides: tuple[list[PairFiles], list[PairFiles]] = ([], [])
    for path, name in scenes.items():
        sides[name["scene"] in held_out].extend(_list_scene(path, f"iso{int(name['iso'])}"))
    if not all(sides):
        found = ", ".join(sorted({name["scene"] for name in scenes.values()})) or "none"
        raise UsageError(
            f"{folder / 'Data'} holds scenes {found}, of which {', '.join(held_out)} are held out: one side is empty. "
            f"Hold out other scenes. {_LAYOUT}"
        )
    pairs = FilePairs(tuple(sides[0]), tuple(sides[1]), RGB_INPUT)
    pairs.check_first()
    return pairs


def _parse(path: Path) -> re.Match[str]:
    """The parts of a scene folder's name."""
    found = _SCENE.fullmatch(path.name)
    if found is None:
        raise UsageError(f"{path}: the name isn't a scene's. {_LAYOUT}")
    return found


def _list_scene(folder: Path, kind: str) -> list[PairFiles]:
    """The pairs of one folder; other files (RAW, metadata) may lie beside them."""
    kinds: dict[str, dict[str, Path]] = {"NOISY": {}, "GT": {}}
    for path in list_folder(folder, _LAYOUT):
        if found := _FILE.fullmatch(path.name):
            kinds[found["kind"].upper()][found["number"]] = path
    noisy, clean = kinds["NOISY"], kinds["GT"]
    if not (noisy or clean):
        raise UsageError(f"{folder}: there are no NOISY_SRGB and GT_SRGB pictures. {_LAYOUT}")
    check_matched(folder, noisy, clean, ("NOISY_SRGB", "GT_SRGB"))
    return [PairFiles(f"{folder.name}/{number}", kind, noisy[number], clean[number]) for number in noisy]
