"""One model on many backends: what each takes, what it gives, and what it gave it on."""
