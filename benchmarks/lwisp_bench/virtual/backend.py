"""LiteRT on an emulated arm64 CPU, for `lwisp verify --backends`: what it computes there, never how fast."""

from importlib.resources import as_file, files
from pathlib import Path

from lwisp_bench.errors import VirtualDeviceError
from lwisp_bench.virtual.arm_device import check_kernel
from lwisp_bench.virtual.kit import EMULATOR, ROOT, SITE, find_kit
from lwisp_mobile.engine.backend_program import BackendProgram

CPU = "cortex-a76"
"""With dot products (SDOT), as in phones since 2018."""


def xnnpack_arm64() -> BackendProgram:
    """The program that runs a job under the emulator; the kit is built on first use, as for virtual devices."""
    try:
        check_kernel()
        kit = find_kit()
    except VirtualDeviceError as error:
        return BackendProgram("LiteRT CPU (XNNPACK), arm64", "emulator", (), str(error))
    root = kit / ROOT
    with as_file(files(__package__) / "model_worker.py") as worker:
        python = root / "usr/bin" / _python(root)
        # The kit's numpy and LiteRT come first: beside this package may lie those of the host.
        search = f"{root / SITE}:{Path(__file__).resolve().parents[3]}"
        variables = [f"QEMU_CPU={CPU}", f"PYTHONHOME={root / 'usr'}", f"PYTHONPATH={search}"]
        command = ("env", *variables, str(kit / EMULATOR), "-L", str(root), str(python), str(worker), CPU)
    return BackendProgram("LiteRT CPU (XNNPACK), arm64", "emulator", command)


def _python(root: Path) -> str:
    return next(path.name for path in sorted((root / "usr/bin").glob("python3.*")))
