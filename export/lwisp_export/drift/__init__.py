"""Drift: how far a model's pictures are from the float reference's, over tiles, per image and per layer."""
