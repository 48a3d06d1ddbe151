"""Decoding in a process of its own: the client, the worker, and what they say to each other."""
