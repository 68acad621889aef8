"""Assent: a just-in-time access gateway that decides every action when it is attempted."""

__version__ = "0.1.0"
