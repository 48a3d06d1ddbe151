"""Browsers as devices: real Chromium at a phone's size, from the page to the report."""

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest

from lwisp_bench.cases.setup import RunnerName, Setup
from lwisp_bench.cases.subject import bundle_subject
from lwisp_bench.errors import ResultsError
from lwisp_bench.results.record import Record
from lwisp_bench.results.report.page import write_report
from lwisp_bench.results.report.view import source_of
from lwisp_bench.results.results_file import Results, write_results
from lwisp_bench.results.schema import results_schema
from lwisp_bench.results.terminal import record_lines
from lwisp_bench.runners.browser.cases import make_case, read_post
from lwisp_bench.runners.browser.packages import vendor_folder
from lwisp_bench.runners.browser.server import BrowserSuite, make_server
from lwisp_bench.worker.job import Limits
from tests.bench.local import add_subject

FEW = Limits(min_runs=3, min_s=0, rule="both", min_warm_up=2, max_warm_up_s=0)
LONG = Limits(min_runs=1, min_s=600, rule="both", min_warm_up=2, max_warm_up_s=0)
TIMEOUT_S = 240


def setup(threads: int = 1, runner: RunnerName = "wasm", limits: Limits = FEW) -> Setup:
    return Setup(threads, limits=limits, runner=runner)


@contextmanager
def serving(suite: BrowserSuite) -> Iterator[str]:
    """Serve a suite; yields the page's address."""
    with make_server(suite, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{suite.token}/"
        server.shutdown()


@contextmanager
def chromium(address: str, profile: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A browser of a phone's size that has opened the page."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium isn't installed")
    flags = ["--headless=new", "--no-sandbox", "--window-size=390,844", f"--user-data-dir={profile}", *words]
    with subprocess.Popen([program, *flags, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            yield browser
        finally:
            browser.kill()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, "nothing came from the browser"
        time.sleep(0.2)


@pytest.mark.slow
def test_from_the_page_to_a_report(tmp_path: Path) -> None:
    subject = bundle_subject("lwisp", "int8", 64, ())
    records: list[Record] = []
    cases = tuple(make_case(subject, setup(threads)) for threads in (1, 2))
    suite = BrowserSuite(cases, vendor_folder(), records.append)
    with serving(suite) as address, chromium(address, tmp_path / "profile"):
        assert suite.finished.acquire(timeout=TIMEOUT_S), records
    assert [record.failure for record in records] == [None, None]
    for record in records:
        measurement = record.measurement
        assert measurement is not None
        assert [check.bit_equal for check in measurement.checks] == [True]
        assert measurement.summary.runs == 3
        assert record.device_kind == "browser"
        assert "a browser's clock" in "\n".join(record_lines(record, False))
    assert records[0].device.identity == records[1].device.identity
    output = tmp_path / "r.json"
    write_results(Results(records=tuple(records)), output)
    jsonschema.validate(json.loads(output.read_text()), results_schema())
    write_report(tmp_path / "r.html", [source_of(output, Results(records=tuple(records)))])
    assert "Time in a browser" in (tmp_path / "r.html").read_text()


@pytest.mark.slow
def test_a_second_browser_at_the_same_time_is_another_device(tmp_path: Path) -> None:
    records: list[Record] = []
    suite = BrowserSuite((make_case(add_subject(tmp_path), setup()),), vendor_folder(), records.append)
    with (
        serving(suite) as address,
        chromium(address, tmp_path / "one"),
        chromium(address, tmp_path / "two"),
    ):
        for _ in range(2):
            assert suite.finished.acquire(timeout=TIMEOUT_S), records
    assert len({record.device.identity for record in records}) == len({record.case_id for record in records}) == 2
    assert all(record.status == "measured" for record in records)


@pytest.mark.slow
def test_webgpu_takes_the_whole_float_model_and_its_picture_is_compared(tmp_path: Path) -> None:
    records: list[Record] = []
    subject = bundle_subject("lwisp", "fp16", 64, ())
    suite = BrowserSuite((make_case(subject, setup(runner="webgpu")),), vendor_folder(), records.append)
    words = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    with serving(suite) as address, chromium(address, tmp_path / "profile", *words):
        assert suite.finished.acquire(timeout=TIMEOUT_S)
    (record,) = records
    assert record.measurement is not None, record.failure
    (drift,) = record.measurement.drifts
    assert drift.comparison.psnr_db is not None
    assert drift.comparison.psnr_db > 100


def post(address: str, path: str, data: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, data), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_wrong_token_gets_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    records: list[Record] = []
    suite = BrowserSuite((make_case(add_subject(tmp_path), setup()),), tmp_path, records.append)
    with serving(suite) as address:
        with urllib.request.urlopen(address + "cases.json", timeout=30) as answer:
            assert len(json.load(answer)) == 1
            assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        wrong = address.replace(suite.token, "x" * len(suite.token))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(wrong + "cases.json", timeout=30)
        assert post(wrong, "results/0", b"") == 404
        assert post(address, "results/0", b"nonsense") == 400
        for path in ("../cases.py", "vendor/../../secret.json", "models/7"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(address + path, timeout=30)
    assert records == []


def test_a_page_that_is_closed_in_mid_run_leaves_a_failed_case(tmp_path: Path) -> None:
    records: list[Record] = []
    suite = BrowserSuite((make_case(add_subject(tmp_path), setup(limits=LONG)),), tmp_path, records.append)
    with serving(suite) as address:
        assert post(address, "left", b'{"client": "0123456789abcdef", "case": 0}') == 200
    (record,) = records
    assert (record.status, record.device.name) == ("failed", "browser:01234567")
    assert record.failure is not None
    assert "closed in mid-run" in record.failure.message


def test_a_report_without_samples_is_refused() -> None:
    head = b'{"device": {"client": "a", "user_agent": "b", "cpus": 1, "gpu": null, "isolated": true}, "hidden": false}'
    with pytest.raises(ResultsError, match="without samples"):
        read_post(len(head).to_bytes(4, "little") + head)
