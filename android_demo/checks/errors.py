"""What a check can end with."""


class CheckError(Exception):
    """The project fails a check; the message says where and what is needed."""


class ToolError(Exception):
    """A tool that the checks need is missing or broken; nothing is known about the project."""
