"""The schema to look through, on servers of every release that is there."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from looking_through import Readers
from watched_server import WatchedServer, catalogue_of, releases, watched

RELEASES = releases()


@pytest.fixture(scope="session")
def schema_servers() -> Iterator[dict[str, WatchedServer]]:
    """Servers by release; skips where there is no PostgreSQL."""
    if not RELEASES:
        pytest.skip("needs PostgreSQL: the `demo` extra")
    with ExitStack() as stack:
        yield {name: stack.enter_context(watched(folder)) for name, folder in RELEASES.items()}


@pytest.fixture(scope="session")
def schema_readers(schema_servers: dict[str, WatchedServer]) -> dict[str, Readers]:
    """What reads with each server's catalogue."""
    return {name: Readers(catalogue_of(server)) for name, server in schema_servers.items()}


@pytest.fixture(scope="session")
def readers(schema_readers: dict[str, Readers]) -> Readers:
    """What reads with the newest server's catalogue."""
    return next(iter(schema_readers.values()))
