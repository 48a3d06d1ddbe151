"""Training: data from unprocessed photographs or published pairs, losses, the training loop."""
