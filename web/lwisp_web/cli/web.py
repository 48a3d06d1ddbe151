"""The subcommand `lwisp web`."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lwisp_mobile.bundle.bundle import Bundle, shipped_names
from lwisp_mobile.bundle.lookup import find_bundle
from lwisp_mobile.cli.command import Command
from lwisp_web.packages import browser_packages
from lwisp_web.server import addresses_of, make_server, self_signed_certificate
from lwisp_web.site import build_site

DEFAULT_PORT = 8765


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0: all (default: %(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s; 0: any that is free")
    parser.add_argument(
        "--bundle",
        action="append",
        metavar="BUNDLE",
        help="name, folder or .zip; repeatable (default: all shipped)",
    )
    secure = parser.add_mutually_exclusive_group()
    secure.add_argument("--https", action="store_true", help="with a self-signed certificate, which you have to accept")
    secure.add_argument("--certificate", type=Path, metavar="PEM", help="https with this certificate and key")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="write the site there for another web server, and stop"
    )


def _run(arguments: argparse.Namespace) -> int:
    bundles = [find_bundle(name) for name in arguments.bundle or shipped_names()]
    if arguments.write is not None:
        build_site(arguments.write, bundles, browser_packages(_report))
        print(f"Wrote {arguments.write}: static files. Have your server send COOP and COEP for threads.")
        return 0
    with tempfile.TemporaryDirectory(prefix="lwisp-web-") as folder:
        _serve(arguments, bundles, Path(folder))
    return 0


def _serve(arguments: argparse.Namespace, bundles: Sequence[Bundle], folder: Path) -> None:
    site, certificate = folder / "site", arguments.certificate
    build_site(site, bundles, browser_packages(_report))
    if arguments.https:
        certificate = self_signed_certificate(folder, arguments.host)
    with make_server(site, arguments.host, arguments.port, certificate) as server:
        for line in _greeting(arguments.host, server.server_address[1], certificate is not None):
            print(line, flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Stopped.")


def _greeting(host: str, port: int, is_https: bool) -> list[str]:
    scheme = "https" if is_https else "http"
    addresses = addresses_of(host)
    lines = [f"Open {scheme}://{address}:{port}/" for address in addresses]
    if not is_https and any(not address.startswith("127.") for address in addresses):
        lines.append("Other devices get one thread and no GPU over http; --https gives them both.")
    return [*lines, "Pictures stay in the browser. Ctrl-C stops."]


def _report(text: str) -> None:
    print(text, file=sys.stderr)


web = Command(_configure, _run)
