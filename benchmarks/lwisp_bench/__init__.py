"""The harness: measures models, and judges how far the numbers can be trusted."""
