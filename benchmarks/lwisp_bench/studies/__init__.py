"""Studies: each answers one question by measuring."""
