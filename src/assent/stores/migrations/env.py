"""Run by Alembic: migrates the connection that `assent.stores.schema` hands over."""

from alembic import context

from assent.stores.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    # One transaction, of the caller, holds all migrations: an upgrade happens or does not.
    transactional_ddl=False,
)
context.run_migrations()
