"""A against B in turns: a change of the machine's mood meets both, and what is left is the models'."""
