"""The subcommand `lwisp web`."""
