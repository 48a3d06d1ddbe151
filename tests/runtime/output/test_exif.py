"""Exif of pictures: what Pillow and tifffile read of it is what the camera wrote."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from lwisp_mobile.output.picture import write_picture
from lwisp_mobile.raw.capture import read_capture
from lwisp_mobile.raw.image import CaptureInfo, GpsPosition
from lwisp_mobile.raw.tiff_tags import read_tiff

GPS_DIRECTORY, EXIF_DIRECTORY = 34853, 34665
RGB = np.zeros((4, 6, 3), np.uint8)
SHOT = {"lens": "Zeiss 2/35", "exposure_compensation_ev": -2 / 3, "focal_length_35mm_mm": 28.0}
PLACES = [
    GpsPosition(33.126692099972225, -117.3266196, -17.918),
    GpsPosition(-33.8587, 151.2140, 4.0),
    GpsPosition(-0.0000001, 179.99999999, None),
    GpsPosition(90.0, -180.0, 0.0),
]


@pytest.mark.parametrize("place", PLACES)
def test_the_place_comes_back(tmp_path: Path, place: GpsPosition) -> None:
    write_picture(tmp_path / "a.tif", RGB, CaptureInfo(gps=place))
    with (tmp_path / "a.tif").open("rb") as file:
        found = read_capture(read_tiff(file)).gps
    assert found is not None
    assert found.latitude_deg == pytest.approx(place.latitude_deg, abs=1e-8)
    assert found.longitude_deg == pytest.approx(place.longitude_deg, abs=1e-8)
    assert found.altitude_m == (None if place.altitude_m is None else pytest.approx(place.altitude_m, abs=1e-5))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_pillow_reads_it(tmp_path: Path, suffix: str) -> None:
    write_picture(tmp_path / f"a{suffix}", RGB, CaptureInfo(gps=PLACES[1], **SHOT))
    with Image.open(tmp_path / f"a{suffix}") as picture:
        gps, exif = (picture.getexif().get_ifd(number) for number in (GPS_DIRECTORY, EXIF_DIRECTORY))
    assert (gps[1], gps[3], gps[5]) == ("S", "E", b"\0")
    degrees, minutes, seconds = (float(part) for part in gps[2])
    assert (degrees, minutes) == (33, 51)
    assert seconds == pytest.approx(31.32, abs=1e-4)
    assert float(exif[37380]) == pytest.approx(-2 / 3, abs=1e-5)
    assert (exif[41989], exif[42036]) == (28, "Zeiss 2/35")


def test_tifffile_reads_it(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.tif", RGB, CaptureInfo(gps=PLACES[0], **SHOT))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        tags = tiff.pages[0].tags
        assert tags[GPS_DIRECTORY].value["GPSLatitudeRef"] == "N"
        assert tags[GPS_DIRECTORY].value["GPSAltitudeRef"] == 1
        assert tags[EXIF_DIRECTORY].value["LensModel"] == "Zeiss 2/35"


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_strip_gps(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_picture(path, RGB, CaptureInfo(gps=PLACES[1]), strip_gps=True)
    with Image.open(path) as picture:
        assert GPS_DIRECTORY not in picture.getexif()
    write_picture(path, RGB, CaptureInfo(gps=PLACES[1]))
    with Image.open(path) as picture:
        assert GPS_DIRECTORY in picture.getexif()
