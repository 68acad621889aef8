"""The REST door: JSON over HTTP with bearer tokens, for programs and the command line."""

from assent.api.application import build_app

__all__ = ["build_app"]
