"""Compile-only Java stubs of Android's API, made from two public descriptions of it; never shipped, never committed."""
