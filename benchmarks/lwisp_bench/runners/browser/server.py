"""The host of the page: serves the suite to whoever has the address with its token, and keeps what they post."""

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lwisp_bench.errors import BenchError
from lwisp_bench.results.record import Record
from lwisp_bench.runners.browser.cases import BrowserFacts, Case, describe, failed_record, read_post, record_of
from lwisp_bench.runners.browser.packages import PAGE

MAX_POST_BYTES = 1 << 28
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
}
_HEADERS = {
    # Browsers let such pages share memory between threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@dataclass
class BrowserSuite:
    """The cases, and the browsers that measure them."""

    cases: tuple[Case, ...]
    vendor: Path
    """The folder that @litertjs is in."""
    keep: Callable[[Record], None]
    """Called with each record, by one thread at a time."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    finished: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released each time a browser has finished."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def file(self, path: str) -> tuple[bytes, str] | None:
        """What a page may load, with its type; None if it isn't there."""
        kind, _, rest = path.partition("/")
        if path == "cases.json":
            return json.dumps([self._listed(index) for index in range(len(self.cases))]).encode(), ".json"
        if kind == "models" and rest.isdigit() and int(rest) < len(self.cases):
            return self.cases[int(rest)].model, ""
        if kind == "inputs":
            numbers = [int(part) for part in rest.split("/") if part.isdigit()]
            return (self.cases[numbers[0]].inputs[numbers[1]], "") if len(numbers) == 2 else None
        return _static(self.vendor, rest) if kind == "vendor" else _static(PAGE, path or "index.html")

    def post(self, path: str, data: bytes) -> None:
        """Keep what a page posts. Raises BenchError or ValueError if it isn't understood."""
        if path == "finished":
            self.finished.release()
            return
        if path == "left":
            left = json.loads(data)
            facts = BrowserFacts(str(left["client"]), "unknown", None, None, False)
            record = failed_record(self.cases[int(left["case"])], describe(facts), "The page was closed in mid-run.")
        else:
            report, outputs = read_post(data)
            record = record_of(self.cases[int(path.removeprefix("results/"))], report, outputs)
        with self.lock:
            self.keep(record)

    def _listed(self, index: int) -> dict[str, object]:
        case = self.cases[index]
        return {
            "id": index,
            "name": f"{case.subject.name}, {case.backend}, {case.setup.threads} threads",
            "model": f"models/{index}",
            "inputs": [f"inputs/{index}/{number}" for number in range(len(case.inputs))],
            "threads": case.setup.threads,
            "backend": case.backend,
            "limits": asdict(case.setup.limits),
        }


def make_server(suite: BrowserSuite, host: str, port: int) -> ThreadingHTTPServer:
    """A server bound to its port, not yet serving. port: 0: any that is free. Raises OSError if it's taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self._path()
            found = None if path is None else suite.file(path)
            self._answer(found)

        def do_POST(self) -> None:
            path, length = self._path(), int(self.headers.get("Content-Length") or 0)
            if path is None or not 0 <= length <= MAX_POST_BYTES:
                self._answer(None)
                return
            try:
                suite.post(path, self.rfile.read(length))
            except (BenchError, ValueError, KeyError, IndexError) as error:
                self.send_error(HTTPStatus.BAD_REQUEST, explain=str(error))
                return
            self._answer((b"", ""))

        def _path(self) -> str | None:
            token, _, path = self.path.split("?")[0].lstrip("/").partition("/")
            return path if secrets.compare_digest(token.encode(), suite.token.encode()) else None

        def _answer(self, found: tuple[bytes, str] | None) -> None:
            if found is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.OK)
            headers = {"Content-Type": _TYPES.get(found[1], "application/octet-stream"), **_HEADERS}
            for name, value in {**headers, "Content-Length": str(len(found[0]))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found[0])

        def log_message(self, *_: Any) -> None:
            """Log nothing: the terminal shows results."""

    return ThreadingHTTPServer((host, port), Handler)


def _static(folder: Path, path: str) -> tuple[bytes, str] | None:
    found = (folder / path).resolve()
    if not found.is_relative_to(folder.resolve()) or found.suffix not in _TYPES or not found.is_file():
        return None
    return found.read_bytes(), found.suffix
