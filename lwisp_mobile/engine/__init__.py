"""Running a model: interpreter, delegates, signatures, sessions."""
