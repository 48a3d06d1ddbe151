"""Pairs of an input and its truth: published datasets in their published layouts, and pairs made from photographs."""
