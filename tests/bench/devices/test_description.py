"""What devices say of themselves, as real ones say it, and the scripts that ask, run by a real shell."""

import subprocess
from pathlib import Path

import pytest

from lwisp_bench.devices import conditions, description
from lwisp_bench.devices.conditions import Battery, read_conditions
from lwisp_bench.devices.description import DeviceDescription, read_description

PHONE = """system=Linux
kernel=5.10.149-android13
machine=aarch64
cpus=8
model=Pixel 6
identity=1A2B
abi=arm64-v8a
build=google/oriole/oriole:13/TQ3A/1:user/release-keys
sdk=33
interpreter=sh
memory_kib=7700000
features=fp asimd evtstrm aes asimdhp asimddp
max_khz.0=1803000
capacity.0=160
max_khz.1=1803000
capacity.1=160
max_khz.10=2802000
capacity.10=1024
"""


def phone(extra: str = "") -> DeviceDescription:
    return read_description("adb:X", PHONE + extra)


def test_a_phone() -> None:
    found = phone()
    assert (found.kind, found.is_arm, found.cpu_count, found.memory_bytes) == ("physical", True, 8, 7_884_800_000)
    assert [cpu.index for cpu in found.cpus] == [0, 1, 10]
    assert found.features == ("asimd", "asimddp")
    assert found.identity is not None
    assert "1A2B" not in found.identity


@pytest.mark.parametrize(
    "telltale",
    [
        "interpreter=/usr/libexec/qemu-binfmt/aarch64-binfmt-P",
        "interpreter=/usr/bin/qemu-aarch64-static",
        "android_emulator=1",
        "model=linux,dummy-virt",
    ],
)
def test_emulation_is_recognised(telltale: str) -> None:
    found = phone(telltale + "\n")
    assert found.kind == "emulated"
    assert found.emulator is not None


def test_what_a_device_does_not_tell_is_null() -> None:
    found = read_description("ssh:x", "system=Linux\nmachine=armv7l\nkernel=6.1\n")
    assert (found.model, found.memory_bytes, found.features, found.cpus) == (None, None, None, ())
    state = read_conditions("")
    assert (state.battery, state.thermal_status, state.load_1_min, state.zones) == (None, None, None, ())


def script_output(script: str, programs: dict[str, str], folder: Path) -> str:
    """Run a script by sh with more programs on its path."""
    for name, body in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == ""
    return done.stdout


def test_androids_own_services_are_asked(tmp_path: Path) -> None:
    # The forms in which Android 13 prints them.
    battery = (
        "Current Battery Service state:\\n  AC powered: false\\n  level: 84\\n  scale: 100\\n  temperature: 273\\n"
    )
    thermal = "IsStatusOverride: false\\nThermal Status: 1\\nCached temperatures:\\n"
    dumpsys = f'case $1 in battery) printf "{battery}";; thermalservice) printf "{thermal}";; esac'
    state = read_conditions(script_output(conditions.SCRIPT, {"dumpsys": dumpsys}, tmp_path))
    assert (state.battery, state.thermal_status) == (Battery(27.3, 84, None), 1)


def test_android_properties_win_over_files(tmp_path: Path) -> None:
    getprop = "case $1 in ro.product.model) echo Pixel;; ro.boot.qemu) echo 1;; *) echo;; esac"
    found = read_description("adb:X", script_output(description.SCRIPT, {"getprop": getprop}, tmp_path))
    assert (found.model, found.emulator, found.kind) == ("Pixel", "Android emulator", "emulated")


def test_this_host_is_described(tmp_path: Path) -> None:
    found = read_description("local", script_output(description.SCRIPT, {}, tmp_path))
    assert found.kind == "physical"
    assert found.system
    assert found.cpu_count
