"""PostgreSQL as the store's database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from assent.stores.database import POOL_WAIT_S, READERS, Result, check_open

# Durable on return, whatever the server does for others. A writer that vanished, or that was
# stopped with a transaction open, must not keep its locks.
WRITING = {
    "default_transaction_read_only": "off",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": f"{POOL_WAIT_S}s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
_READING = {"default_transaction_read_only": "on"}


class PostgresDatabase:
    """PostgreSQL through asyncpg."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._writer = _postgres_engine(url, 1, WRITING)
        self._reader = _postgres_engine(
            url, READERS, _READING, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True
        )
        self._closed = False

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned once it is committed."""
        check_open(self._closed)
        with _said_plainly():
            async with self._writer.begin() as connection:
                return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned."""
        check_open(self._closed)
        with _said_plainly():
            async with self._reader.connect() as connection:
                return await connection.run_sync(work)

    async def tidy(self) -> bool:
        """Do nothing: what was overwritten goes with the next vacuum, its log with its archive."""
        return True

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._reader.dispose()
        await self._writer.dispose()


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Raise OSError where the driver takes a connection that was cut for a mistake of its own."""
    try:
        yield
    except asyncpg.InternalClientError as cause:
        raise ConnectionError("the connection was cut") from cause


async def connect(url: URL, settings: Mapping[str, str]) -> asyncpg.Connection:
    """Return a connection. The URL is read as libpq reads it, `sslmode` and all.

    Raises OSError, which says why not and never the password.
    """
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return await asyncpg.connect(
            plain, timeout=POOL_WAIT_S, command_timeout=POOL_WAIT_S, server_settings=dict(settings)
        )
    except TimeoutError:
        raise ConnectionError(f"no answer within {POOL_WAIT_S} s") from None
    except asyncpg.InvalidAuthorizationSpecificationError as cause:
        raise ConnectionError("it refuses the user or the password") from cause
    except asyncpg.InvalidCatalogNameError as cause:
        raise ConnectionError("there is no such database") from cause
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as cause:
        raise ConnectionError(f"it cannot be spoken to ({type(cause).__name__})") from cause


def _postgres_engine(
    url: URL, size: int, settings: Mapping[str, str], **options: Any
) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        async_creator=partial(connect, url, settings),
        **options,
    )
