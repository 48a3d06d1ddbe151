"""Records, results files, comparisons and reports."""
