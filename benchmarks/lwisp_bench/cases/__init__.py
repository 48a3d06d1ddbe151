"""What is measured and how: models under test, their inputs, threads, CPUs and limits."""
