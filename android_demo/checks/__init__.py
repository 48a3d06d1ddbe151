"""Checks of the Android demo that need no Android SDK: `python -m android_demo.checks`."""
