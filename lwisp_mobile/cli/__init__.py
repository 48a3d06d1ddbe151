"""The `lwisp` command."""
