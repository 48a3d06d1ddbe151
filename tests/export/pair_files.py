"""Tiny datasets of pairs in their published layouts, cut from one photograph."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.data import astronaut

from lwisp_export.synthesis.mosaic import sample_cfa
from lwisp_export.synthesis.noise import NoiseLevel

U8 = NDArray[np.uint8]


NO_NOISE = NoiseLevel(0.0, 0.0)


# NASA's portrait of Eileen Collins: public domain.
PHOTOGRAPH: U8 = astronaut()


def picture(index: int, height: int = 112, width: int = 136) -> U8:
    """A part of the photograph, different for each index."""
    return np.ascontiguousarray(PHOTOGRAPH[40 * index : 40 * index + height, 90 : 90 + width])


def save(path: Path, pixels: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **({"quality": 97} if path.suffix == ".jpg" else {}))


def mosaic_of(rgb: U8) -> NDArray[np.uint16]:
    """A 10-bit RGGB mosaic whose sites are four times the picture's codes: 1020 is white."""
    return (sample_cfa(rgb.astype(np.float32), "RGGB") * 4).astype(np.uint16)


def write_zrr(folder: Path) -> Path:
    """Eleven training numbers, so that 10 comes after 9 only where numbers sort by value; three for testing."""
    for split, count in (("train", 11), ("test", 3)):
        for number in range(count):
            rgb = picture(number % 8, 128, 128)
            save(folder / split / "huawei_raw" / f"{number}.png", mosaic_of(rgb))
            save(folder / split / "canon" / f"{number}.jpg", rgb)
    # What a Mac's archive leaves, and the set's own folder of visualised mosaics.
    (folder / "train" / "huawei_raw" / "._3.png").write_bytes(b"\0\5\x16\7")
    (folder / "train" / "huawei_visualized").mkdir()
    return folder


def write_lol(folder: Path) -> Path:
    for split, names in (("our485", ("2", "5", "100")), ("eval15", ("1", "22"))):
        for index, name in enumerate(names):
            save(folder / split / "high" / f"{name}.png", picture(index))
            save(folder / split / "low" / f"{name}.png", picture(index) // 8)
    return folder


MEDIUM = {
    "0001_001_S6_00100_00060_3200_L": ("0001_{}_SRGB_010.PNG", "0001_{}_SRGB_011.PNG"),
    "0036_002_GP_06400_03200_3200_N": ("0036_{}_SRGB_010.PNG", "0036_{}_SRGB_011.PNG"),
    "0199_010_GP_00800_01600_5500_N": ("0199_{}_SRGB_010.PNG", "0199_{}_SRGB_011.PNG"),
}


SMALL = dict.fromkeys(MEDIUM, ("{}_SRGB_010.PNG",))


def write_sidd(folder: Path, scenes: dict[str, tuple[str, ...]] = MEDIUM) -> Path:
    rng = np.random.default_rng(0)
    for index, (scene, names) in enumerate(scenes.items()):
        for name in names:
            noise = rng.integers(-9, 10, picture(index).shape)
            save(folder / "Data" / scene / name.format("GT"), picture(index))
            save(folder / "Data" / scene / name.format("NOISY"), np.clip(picture(index) + noise, 0, 255).astype("u1"))
    (folder / "Scene_Instances.txt").write_text("\n".join(scenes))
    return folder
