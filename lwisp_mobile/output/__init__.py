"""Finished pictures and the files they are written to."""
