"""The tool that the native runner runs: TFLite's or LiteRT's benchmark_model, from a file or downloaded."""

import hashlib
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from lwisp_bench.devices.description import DeviceDescription
from lwisp_bench.devices.downloads import cache_folder, download, keep
from lwisp_bench.errors import NativeToolError

FETCH = "fetch"
"""Instead of a file: LiteRT's prebuilt tool of this host's version."""
ADDRESS = "https://storage.googleapis.com/litert/binaries"
"""LiteRT's public folder of prebuilt programs, by version and platform; the one that litert-cli uses."""
ADDRESS_VARIABLE = "LWISP_LITERT_BINARIES"
GPU_LIBRARY = "libLiteRtClGlAccelerator.so"
_PLATFORMS = {
    ("android", "aarch64"): "android_arm64",
    ("linux", "aarch64"): "linux_arm64",
    ("linux", "x86_64"): "linux_x86_64",
    ("darwin", "arm64"): "macos_arm64",
}

Dialect = Literal["tflite", "litert"]


@dataclass(frozen=True)
class Tool:
    """A program and the libraries that it loads."""

    program: bytes
    libraries: tuple[tuple[str, bytes], ...] = ()
    """Name and content; they lie beside each other on the device, on LD_LIBRARY_PATH."""
    version: str | None = None
    """Of a fetched one."""

    @property
    def sha256(self) -> str:
        """Of the program."""
        return hashlib.sha256(self.program).hexdigest()

    @property
    def dialect(self) -> Dialect:
        """By the flags that the program knows: LiteRT's own takes no inputs and writes no outputs."""
        return "tflite" if b"input_layer_value_files" in self.program else "litert"


def read_tool(path: Path, libraries: tuple[Path, ...] = ()) -> Tool:
    """Read a tool's files. Raises NativeToolError if they can't be read or it isn't a program."""
    program = _read(path)
    if not program.startswith((b"\x7fELF", b"#!")):
        raise NativeToolError(f"{path} isn't a program for Linux or Android. Give a benchmark_model binary.")
    return Tool(program, tuple((library.name, _read(library)) for library in libraries))


def fetch_tool(device: DeviceDescription, *, gpu: bool) -> Tool:
    """LiteRT's prebuilt tool for a device. gpu: with its accelerator. Raises NativeToolError if there's none."""
    system = "android" if device.sdk is not None else device.system.lower()
    platform = _PLATFORMS.get((system, device.machine))
    if platform is None:
        raise NativeToolError(
            f"There's no prebuilt benchmark_model for {device.name} ({device.system} {device.machine}); give a file."
        )
    release = version("ai-edge-litert")
    libraries = (GPU_LIBRARY,) if gpu else ()
    return Tool(
        _fetch(release, platform, "benchmark_model"),
        tuple((name, _fetch(release, platform, name)) for name in libraries),
        release,
    )


def _fetch(release: str, platform: str, name: str) -> bytes:
    """A file from the cache or the public folder. Its publisher states no hashes: the records hold the tool's."""
    cached = cache_folder() / "litert-binaries" / release / platform / name
    if not cached.is_file():
        address = f"{os.environ.get(ADDRESS_VARIABLE, ADDRESS).rstrip('/')}/{release}/{platform}/{name}"
        try:
            data = download(address)
        except OSError as error:
            raise NativeToolError(
                f"{name} {release} for {platform} can't be downloaded ({error}). Check the network, or give a file."
            ) from error
        keep(cached, data)
    return cached.read_bytes()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NativeToolError(f"{path} can't be read ({error.strerror}). Give a benchmark_model binary.") from error
