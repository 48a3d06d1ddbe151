"""Pairs of an input and its truth: published datasets in their own layouts, and synthetic pairs of photographs."""
