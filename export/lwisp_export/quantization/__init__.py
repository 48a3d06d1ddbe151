"""Choices of a quantisation: recipes, weight rounding, sensitivity, and the search for one that meets a budget."""
