"""Studies: questions that one command answers by measuring."""
