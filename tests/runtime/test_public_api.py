"""The public API: these names, in this order, and none that can't be imported."""

import lwisp_mobile


def test_the_names_are_locked() -> None:
    assert lwisp_mobile.__all__ == [
        "Bundle",
        "Developer",
        "LwispError",
        "ModelContract",
        "RawHints",
        "RawImage",
        "Session",
        "load_bundle",
        "prepare",
        "read_raw",
        "shipped_bundle",
    ]
    assert all(getattr(lwisp_mobile, name).__doc__ for name in lwisp_mobile.__all__)
