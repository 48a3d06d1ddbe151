"""Checks of what was exported: the rules for shipped models, and drift against the float reference."""
