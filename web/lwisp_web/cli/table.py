"""The browser's subcommands."""

from lwisp_mobile.cli.command import CommandEntry

COMMANDS = (CommandEntry("web", "Serve a page that develops RAW files in the browser.", "lwisp_web.cli.web:web"),)
