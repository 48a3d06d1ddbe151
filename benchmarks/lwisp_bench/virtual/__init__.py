"""Virtual ARM devices: real arm64 programs under qemu-user, with a real adbd and a real SSH server, without root.

They show whether a model runs and what it computes on ARM. Their times are the emulator's and meaningless.
"""
