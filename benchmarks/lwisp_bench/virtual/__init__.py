"""Virtual ARM devices: real arm64 programs under qemu-user, with a real adbd and a real SSH server, without root.

They answer whether a model runs and what it computes on ARM. Their time is the emulator's and means nothing.
"""
