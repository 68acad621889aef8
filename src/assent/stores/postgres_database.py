"""PostgreSQL as the store's database."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from assent.stores.database import POOL_WAIT_S, READERS, Result, check_open


class PostgresDatabase:
    """PostgreSQL through asyncpg."""

    def __init__(self, url: URL) -> None:
        self._writer = _postgres_engine(url, 1)
        self._reader = _postgres_engine(
            url, READERS, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True
        )
        self._closed = False

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned once it is committed."""
        check_open(self._closed)
        async with self._writer.begin() as connection:
            return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned."""
        check_open(self._closed)
        async with self._reader.connect() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._reader.dispose()
        await self._writer.dispose()


def _postgres_engine(url: URL, size: int, **options: Any) -> AsyncEngine:
    read_only = "on" if options else "off"
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        connect_args={
            "timeout": POOL_WAIT_S,
            "command_timeout": POOL_WAIT_S,
            "server_settings": {"default_transaction_read_only": read_only},
        },
        **options,
    )
