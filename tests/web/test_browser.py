"""The page in headless Chromium, used as a person would; its INT8 pictures are `lwisp develop`'s bit for bit."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from android_demo.checks.corrected_dng import write_corrected
from lwisp_export.synthesis.dng import write_dng
from lwisp_mobile import Developer, read_raw
from lwisp_web import server
from lwisp_web.packages import PAGE
from lwisp_web.server import ISOLATION
from tests.web.lossless_dng import lossless_dng
from tests.web.page_in_browser import Browser, served

pytestmark = pytest.mark.slow
SAMPLE = PAGE / "sample.dng"


def developed(path: Path, bundle: str = "lwisp", precision: str = "int8", **options: object) -> NDArray[np.uint8]:
    with Developer(bundle, precision=precision) as developer:
        return developer.develop(read_raw(path), dtype=np.uint8, **options)


def test_the_sample_is_developed_as_by_the_command(browser: Browser) -> None:
    seen = browser.see("sample")
    assert seen["name"] == "sample.png"
    assert seen["isolated"]
    assert "512 px in" in seen["opened"]["status"]
    assert "CPU" in seen["opened"]["status"]
    assert "of the 32 darkest codes are left" in seen["toned"]["notes"]
    assert seen["lines"] == ["50%", "51%", "25%"]
    np.testing.assert_array_equal(browser.saved("default.png"), developed(SAMPLE))
    np.testing.assert_array_equal(browser.saved("standard.png"), developed(SAMPLE, tone="standard"))
    np.testing.assert_array_equal(browser.saved("brighter.png"), developed(SAMPLE, exposure_ev=1.0))
    np.testing.assert_array_equal(browser.saved("lite.png"), developed(SAMPLE, "lwisp-lite", exposure_ev=1.0))
    assert {request["method"] for request in seen["requests"]} == {"GET"}, "something was uploaded"
    assert all(request["url"].startswith((browser.url, "blob:", "data:")) for request in seen["requests"])


def test_a_compressed_dng_is_dropped_and_another_file_refused(browser: Browser, tmp_path: Path) -> None:
    raw = read_raw(SAMPLE)
    plain, compressed = tmp_path / "plain.dng", tmp_path / "compressed.dng"
    write_dng(plain, replace(raw, mosaic=raw.mosaic[:, :510]))
    compressed.write_bytes(lossless_dng(plain.read_bytes()))
    seen = browser.see("drop", file=str(compressed))
    assert "512 px in" in seen["dropped"]["status"]
    assert "This is a JPEG" in seen["refused"]["error"]
    np.testing.assert_array_equal(browser.saved("dropped.png"), developed(compressed))
    np.testing.assert_array_equal(browser.saved("still.png"), browser.saved("dropped.png"))


def test_the_gpu_gives_the_picture_of_the_cpu(browser: Browser) -> None:
    """On a software device, which has a GPU's kernels and 32-bit floats."""
    seen = browser.see("gpu")
    assert "on the GPU" in seen["status"], seen["error"]
    assert seen["int8"]
    expected = developed(SAMPLE, precision="fp16")
    for name in ("cpu.png", "gpu.png"):
        assert np.abs(browser.saved(name).astype(int) - expected).max() <= 1


def test_a_large_frame_in_tiles_is_the_whole_frames(browser: Browser, tmp_path: Path) -> None:
    raw, file = read_raw(SAMPLE), tmp_path / "large.dng"
    write_dng(file, replace(raw, mosaic=np.tile(raw.mosaic[:, :510], (2, 2))[:704, :1000]))
    seen = browser.see("file", file=str(file))
    assert "tiles." in seen["status"], seen
    np.testing.assert_array_equal(browser.saved("file.png"), developed(file))


def test_a_dng_with_every_correction(browser: Browser, tmp_path: Path) -> None:
    """Odd active area and crop, maps by site and colour, bad pixels, exposure, two lights, distortion."""
    file = tmp_path / "corrected.dng"
    write_corrected(file)
    seen = browser.see("file", file=str(file))
    assert not seen["error"]
    np.testing.assert_array_equal(browser.saved("file.png"), developed(file))


def test_without_isolation_one_thread_gives_the_same(
    browser: Browser, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As static files on a host that sends no such headers."""
    for name in ISOLATION:
        monkeypatch.delitem(server.HEADERS, name)
    seen = browser.see("file", file=str(SAMPLE))
    assert not seen["isolated"]
    assert "CPU, 1 thread." in seen["status"]
    np.testing.assert_array_equal(browser.saved("file.png"), developed(SAMPLE))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl isn't installed; it makes the certificate")
def test_https_with_a_certificate_of_its_own(browser: Browser, site: Path, tmp_path: Path) -> None:
    certificate = server.self_signed_certificate(tmp_path, "127.0.0.1")
    with served(site, certificate=certificate) as url:
        seen = replace(browser, url=url).see("file", file=str(SAMPLE))
    assert seen["isolated"]
    assert "512 px in" in seen["status"]


def test_it_is_accessible_and_fits_phones_and_desktops(browser: Browser) -> None:
    for seen in browser.see("looks"):
        assert seen["faults"] == [], seen
        assert seen["overflow"] <= 0, seen
