"""Deterministic cost: the arm64 instructions retired by one inference, counted under qemu-user. Never a time."""
