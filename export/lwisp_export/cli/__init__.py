"""The factory's subcommands."""
