"""Records, results files, and what is read out of them."""
