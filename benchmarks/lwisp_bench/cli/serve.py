"""The subcommand `lwisp bench serve`."""

import argparse
import io
import socket
import threading

from lwisp_bench.cases.setup import MODES, Setup
from lwisp_bench.cli.options import add_output_option, add_shape_option
from lwisp_bench.devices.adb import adb_program, attached
from lwisp_bench.devices.transport import SHORT_TIMEOUT_S, run_client
from lwisp_bench.errors import DeviceError
from lwisp_bench.results.record import Record
from lwisp_bench.results.results_file import ResultsFile
from lwisp_bench.results.terminal import record_lines
from lwisp_bench.runners.browser.cases import Case, make_case
from lwisp_bench.runners.browser.packages import vendor_folder
from lwisp_bench.runners.browser.server import BrowserSuite, make_server
from lwisp_bench.suite.definition import Suite
from lwisp_bench.suite.execution import exit_code
from lwisp_bench.suite.plan import limits_of, load_subjects
from lwisp_mobile.errors import UsageError

BACKENDS = ("wasm", "webgpu")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add = parser.add_argument
    add("models", nargs="*", default=["lwisp"], help=".tflite files, bundles' folders, shipped names (default: lwisp)")
    add("--backend", dest="backends", choices=BACKENDS, action="append", help="default: wasm; repeatable")
    add("--precision", dest="precisions", action="append", help="of bundles: int8 (default), fp16; repeatable")
    add("--size", dest="sizes", type=int, action="append", help="of bundles: packed side (default: 256); repeatable")
    add("--threads", type=int, action="append", help="of wasm (default: 1); repeatable")
    add("--mode", choices=list(MODES), default="quick", help="how long (default: quick)")
    add("--runs", type=int, help="instead of the mode's minimum number of runs")
    add("--seconds", type=float, help="instead of the mode's minimum time")
    add_shape_option(parser)
    add("--host", default="0.0.0.0", help="address to listen on (default: every one)")
    add("--port", type=int, default=8765, help="default: 8765")
    add("--clients", type=int, help="stop once so many browsers have finished (default: on Ctrl-C)")
    add_output_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until enough browsers have finished."""
    records: list[Record] = []
    file = ResultsFile(arguments.output)

    def keep(record: Record) -> None:
        records.append(record)
        file.add(record)
        print("\n".join(record_lines(record, False)), flush=True)

    suite = BrowserSuite(_cases(arguments), vendor_folder(), keep)
    try:
        server = make_server(suite, arguments.host, arguments.port)
    except OSError as error:
        raise UsageError(
            f"Port {arguments.port} can't be listened on ({error.strerror}). Give another --port."
        ) from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _invite(suite.token, server.server_port, arguments.host)
        try:
            _wait(suite, arguments.clients)
        except KeyboardInterrupt:
            print("stopped")
        server.shutdown()
    return exit_code(records, ())


def _cases(arguments: argparse.Namespace) -> tuple[Case, ...]:
    suite = Suite(
        models=tuple(arguments.models),
        shapes=tuple(arguments.shapes),
        mode=arguments.mode,
        runs=arguments.runs,
        seconds=arguments.seconds,
        precisions=tuple(arguments.precisions or Suite.precisions),
        sizes=tuple(arguments.sizes or Suite.sizes),
    )
    limits = limits_of(suite)
    setups = []
    for backend in arguments.backends or ["wasm"]:
        # On a GPU there are no threads to choose.
        threads = (arguments.threads or [1]) if backend == "wasm" else [1]
        setups += [Setup(count, "all", suite.mode, limits, backend) for count in threads]
    return tuple(make_case(subject, setup) for subject in load_subjects(suite) for setup in setups)


def _wait(suite: BrowserSuite, clients: int | None) -> None:
    left = clients
    while left is None or left > 0:
        if suite.finished.acquire(timeout=0.5) and left is not None:
            left -= 1


def _invite(token: str, port: int, host: str) -> None:
    """Print the address, its QR code, and how attached phones reach it."""
    here = f"http://127.0.0.1:{port}/{token}/"
    for serial in _reversed_ports(port):
        print(f"on the phone adb:{serial}, with threads and WebGPU: {here}")
    address = f"http://{_lan_address(host)}:{port}/{token}/"
    import segno  # noqa: PLC0415  only here

    picture = io.StringIO()
    segno.make(address).terminal(out=picture, compact=True)
    print(picture.getvalue())
    print(f"on this network, one thread: {address}\non this host: {here}", flush=True)


def _reversed_ports(port: int) -> list[str]:
    """Have every attached phone's own 127.0.0.1 lead here, which its browser trusts; the phones' serials."""
    try:
        adb = adb_program()
        serials = [device.serial for device in attached(adb) if device.state == "device"]
    except DeviceError:
        return []
    words = ("reverse", f"tcp:{port}", f"tcp:{port}")
    done = {one: run_client([adb, "-s", one, *words], f"adb:{one}", SHORT_TIMEOUT_S) for one in serials}
    return [serial for serial, result in done.items() if result.returncode == 0]


def _lan_address(host: str) -> str:
    """This machine's address on the network; where there is none, 127.0.0.1."""
    if host != "0.0.0.0":
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: the system only chooses the address it would send from
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
