"""The harness: measures models and says what the numbers are worth."""
