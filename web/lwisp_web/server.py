"""A server of static files, with the headers that give the page threads."""

import ipaddress
import shutil
import socket
import ssl
import subprocess
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lwisp_web.errors import WebError

ISOLATION = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
"""With these, browsers let a page share memory between threads; a host of the static files should send them, too."""
HEADERS = {
    **ISOLATION,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
CERTIFICATE_DAYS = 30


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves files, lists no folders, logs nothing."""

    extensions_map = {  # noqa: RUF012  as the base class has it
        "": "application/octet-stream",
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        """Add the site's headers."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """Refuse."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: what was developed is nobody's business."""


def make_server(folder: Path, host: str, port: int, certificate: Path | None = None) -> ThreadingHTTPServer:
    """A server that is bound to its port, not yet serving. port: 0: any that is free.

    certificate: a PEM file with certificate and key, for https. Raises WebError if the port is taken or the host isn't
    this machine's.
    """
    context = None if certificate is None else _context(certificate)
    try:
        server = ThreadingHTTPServer((host, port), partial(SiteHandler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise WebError(f"{host}:{port} can't be listened on ({error}). Choose another --port or --host.") from error
    if context is not None:
        # Each connection's thread shakes hands: a client that doesn't would keep all others waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise WebError(f"{certificate} isn't a PEM file with certificate and key ({error}).") from error
    return context


def self_signed_certificate(folder: Path, host: str) -> Path:
    """Make a certificate for this machine's addresses, with its key, as a PEM file. Raises WebError without openssl."""
    if shutil.which("openssl") is None:
        raise WebError("openssl isn't installed; it makes the certificate. Install it, or give --certificate.")
    names = ",".join(["DNS:localhost", *(f"IP:{address}" for address in sorted({"127.0.0.1", *addresses_of(host)}))])
    key, certificate, both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
    subject = ["-subj", "/CN=lwisp web", "-addext", f"subjectAltName={names}", "-days", str(CERTIFICATE_DAYS)]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    done = subprocess.run(
        [*command, "-keyout", str(key), "-out", str(certificate)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise WebError(f"openssl can't make a certificate: {done.stderr.strip()}")
    both.touch(mode=0o600)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both


def addresses_of(host: str) -> list[str]:
    """The addresses that a server on a host is reached at: its own, or this machine's where it listens on all.

    Raises WebError on a host that has none.
    """
    if not _is_wildcard(host):
        try:
            return [socket.gethostbyname(host)]
        except OSError as error:
            raise WebError(f"{host} isn't an address of this machine ({error}). Choose another --host.") from error
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the system only chooses the address it would send from.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ["127.0.0.1"]
        return [str(probe.getsockname()[0])]


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
