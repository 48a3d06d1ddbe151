"""Programs that run a model on one backend, each in the interpreter that has what it needs."""
