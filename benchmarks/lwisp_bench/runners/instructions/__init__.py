"""Deterministic cost: the arm64 instructions that one inference retires, counted under qemu-user. Never a time."""
