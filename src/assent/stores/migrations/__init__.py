"""Alembic's migrations; `assent.stores.schema` runs them."""
