"""Requests, approvals, grants and sessions: state machines as tables. Pure."""
