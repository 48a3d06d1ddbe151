"""Memory: what a whole frame takes, checked before it is tried."""

from pathlib import Path

from lwisp_mobile.errors import ModelError

MEMINFO = Path("/proc/meminfo")
BYTES_PER_PACKED_PX = {"int8": 1400, "fp16": 1850, "float32": 1850}
"""Peak growth of the process over one run, measured at 512x512 to 1536x1536 packed px on LiteRT 2.3 (x86-64)."""


def available_bytes() -> int | None:
    """Memory that can be taken without swapping; None where the system doesn't tell (not Linux)."""
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def check_frame(width_px: int, height_px: int, precision: str) -> None:
    """Refuse a frame that can't be developed whole. width_px, height_px: of the mosaic. Raises ModelError."""
    needed = width_px * height_px // 4 * BYTES_PER_PACKED_PX[precision]
    free = available_bytes()
    if free is not None and needed > free:
        raise ModelError(
            f"A frame of {width_px}x{height_px} px needs about {needed / 1e9:.1f} GB to be developed whole "
            f"in {precision}; {free / 1e9:.1f} GB are free. Close other programs, use int8, or cut the frame."
        )
