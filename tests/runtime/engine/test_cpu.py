"""What systems say of their CPUs, in their own words."""

import sys
from pathlib import Path

import pytest

from lwisp_mobile.engine import cpu

X86 = "processor\t: 0\nmodel name\t: A\nflags\t\t: fpu sse2 avx512f avx512_vnni\n\n"
OLD_X86 = "processor\t: 1\nflags\t\t: fpu sse2 avx2\n\n"
ARM = "processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd aes asimddp i8mm\nCPU part\t: 0xd4d\n"
MAC_ARM = "hw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_I8MM: 0\nhw.optional.arm.FEAT_SHA3: 1\n"
MAC_X86 = "machdep.cpu.leaf7_features: RDWRFSGS AVX2 AVX512F AVX512VNNI SHA\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (X86, ("AVX-512 VNNI",)),
        ("flags : avx2 avx_vnni", ("AVX-VNNI",)),
        (OLD_X86, ()),
        (X86 + OLD_X86, ()),
        (ARM, ("SDOT", "SMMLA")),
        ("processor : 0\nFeatures : fp asimd crc32\n", ()),
        ("processor : 0\nhart : 0\nisa : rv64imafdc\n", None),
        ("", None),
    ],
)
def test_linux(text: str, expected: tuple[str, ...] | None) -> None:
    assert cpu.parse_cpuinfo(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(MAC_ARM, ("SDOT",)), (MAC_X86, ("AVX-512 VNNI",)), ("hw.optional.arm.x: 0\n", ()), ("", None)],
)
def test_macos(text: str, expected: tuple[str, ...] | None) -> None:
    assert cpu.parse_sysctl(text) == expected


def test_this_machine_is_asked_by_its_own_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(X86)
    monkeypatch.setattr(cpu, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(sys, "platform", "linux")
    assert cpu.find_dot_products() == ("AVX-512 VNNI",)
    monkeypatch.setattr(cpu, "CPUINFO", tmp_path / "none")
    assert cpu.find_dot_products() is None
    monkeypatch.setattr(sys, "platform", "win32")
    assert cpu.find_dot_products() is None
