"""What a file holds, and what in it is not as it should be."""
