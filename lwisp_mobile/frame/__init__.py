"""Developing a whole frame: planner, tiles, executor."""
