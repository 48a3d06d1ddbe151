"""The harness's subcommands."""
