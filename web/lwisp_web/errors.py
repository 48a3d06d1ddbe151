"""What can keep the page from being served."""

from lwisp_mobile.errors import LwispError


class WebError(LwispError):
    """The site can't be built, or can't be served."""
