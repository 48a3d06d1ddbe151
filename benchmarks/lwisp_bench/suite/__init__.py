"""Suites of cases: defined, planned, executed."""
