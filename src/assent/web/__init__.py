"""The door for people with a browser: the inbox and the page of one request."""

from assent.web.application import mount

__all__ = ["mount"]
