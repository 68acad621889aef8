"""Durable state and the audit log: one writer, group commit, SQLite or PostgreSQL."""

from assent.stores.store import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
