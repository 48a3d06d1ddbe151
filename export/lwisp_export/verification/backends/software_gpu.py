"""A Vulkan device in software, from Debian's packages: unpacked into the cache, nothing of the machine's is changed."""

import hashlib
import platform
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from lwisp_export.conversion.environment import run
from lwisp_export.conversion.logged_run import library_path
from lwisp_export.errors import ConversionError
from lwisp_mobile.progress import Progress
from lwisp_mobile.serialize.folders import atomic_folder, user_cache

INSTALL_ADVICE = (
    "no GPU with a Vulkan driver here; a software device: lwisp verify --backends gpu --install "
    "(53 MB of Debian packages)"
)
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_DRIVER = "usr/share/vulkan/icd.d/lvp_icd.json"
_ADVICE = "It needs Debian's or Ubuntu's apt-get and dpkg-deb on x86-64, and the network."


def find_software_gpu() -> Mapping[str, str] | None:
    """The environment variables by which a process sees the device; None where it isn't installed."""
    folder = _folder()
    if not folder.is_dir():
        return None
    return {**library_path(folder / _LIBRARIES), "VK_ICD_FILENAMES": str(folder / _DRIVER)}


def install_software_gpu(progress: Progress) -> None:
    """Download and unpack the device if it isn't there yet. Raises ConversionError if that can't be done here."""
    folder = _folder()
    if folder.is_dir():
        return
    if platform.machine() != "x86_64" or not all(map(shutil.which, ("apt-get", "dpkg-deb"))):
        raise ConversionError(f"The software GPU can't be installed here. {_ADVICE}")
    progress(f"Unpacking a software GPU (once, 190 MB) into {folder}")
    with tempfile.TemporaryDirectory(prefix="lwisp-debs-") as work, atomic_folder(folder) as root:
        for package in _download(Path(work), _packages()):
            run(["dpkg-deb", "-x", str(package), str(root)], f"Unpacking {package.name}", _ADVICE)


def _folder() -> Path:
    return user_cache("lwisp-mobile") / f"software-gpu-{hashlib.sha256(_list().encode()).hexdigest()[:16]}"


def _list() -> str:
    return (files(__package__) / "software_gpu.toml").read_text(encoding="utf-8")


def _packages() -> list[str]:
    return [f"{name}={version}" for name, version in tomllib.loads(_list())["packages"].items()]


def _download(work: Path, packages: Sequence[str]) -> list[Path]:
    """Download with apt's own client and a state of its own."""
    for part in ("lists/partial", "archives/partial", "debs"):
        (work / part).mkdir(parents=True)
    (work / "status").touch()
    lines = (f"deb [signed-by={_KEYRING}] {_mirror()} {suite} main\n" for suite in tomllib.loads(_list())["suites"])
    (work / "sources.list").write_text("".join(lines))
    options = {
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work,
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
    }
    (work / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in options.items()))
    command = ["env", f"APT_CONFIG={work / 'apt.conf'}", "apt-get", "-qq"]
    run([*command, "update"], "Reading Debian's package lists", _ADVICE)
    # Packages land in the working folder.
    download = [*command, "download", *packages]
    run(["env", "-C", str(work / "debs"), *download], "Downloading the software GPU", _ADVICE)
    return sorted((work / "debs").glob("*.deb"))


def _mirror() -> str:
    """The Debian mirror that this machine is set up with."""
    etc = Path("/etc/apt")
    sources = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    text = "\n".join(path.read_text() for path in sources if path.is_file())
    found = re.search(r"^(?!\s*#).*?(https?://[^\s\]]+/debian)/?(?:\s|$)", text, re.MULTILINE)
    if found is None or not _KEYRING.exists():
        raise ConversionError(f"apt's sources name no Debian mirror, or {_KEYRING} is missing. {_ADVICE}")
    return found[1]
