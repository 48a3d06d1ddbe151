"""Second opinions on INT8: other quantisers on the same student, another runtime on the same file."""
