"""Checking what was exported against the float reference."""
