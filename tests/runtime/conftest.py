"""Profiles for the property tests of this folder."""

from hypothesis import settings

# A long search: pytest tests/runtime/test_fuzz.py --hypothesis-profile=fuzz
settings.register_profile("fuzz", max_examples=20_000, deadline=None, print_blob=True)
