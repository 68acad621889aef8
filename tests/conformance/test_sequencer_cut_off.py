"""Who numbers entries loses the connection at each statement of a batch, before or after it."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from assent.core.changes import MoveCursor
from conformance.postgres_cluster import PostgresCluster
from conformance.store_builders import entry
from conformance.test_sequencer import names, opened_at

# Begin, the frontier, entries, payloads, tiles, what waits no more, commit.
STATEMENTS = 7


class Cutting:
    """Ends the server's side of a sequencer's connection at the n-th statement of its batches."""

    def __init__(self, url: str, at: int, *, before: bool) -> None:
        self._url = url
        self._at = at
        self._before = before
        self.said: list[str] = []

    def over(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def call(connection: Any, what: str, *given: Any, **more: Any) -> Any:
            if connection.get_settings().application_name != "assent sequencer":
                return await real(connection, what, *given, **more)
            self.said.append(what)
            cuts = len(self.said) == self._at
            if cuts and self._before:
                await self._cut(connection)
            done = await real(connection, what, *given, **more)
            if cuts and not self._before:
                await self._cut(connection)
            return done

        return call

    async def _cut(self, connection: Any) -> None:
        operator = await asyncpg.connect(self._url)
        await operator.fetchval(
            "select pg_terminate_backend($1, 5000)", connection.get_server_pid()
        )
        await operator.close()


@pytest.fixture
def url(postgres: PostgresCluster) -> str:
    return postgres.fresh_database()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_batch_that_is_cut_off_at_any_statement_is_numbered_once(
    url: str, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    first = await opened_at(url)
    wanted = [f"ent_{number}" for number in range(250)]
    await first.commit([], [entry(one) for one in wanted])
    assert await names(first) == wanted
    await first.close()
    real_execute = asyncpg.Connection.execute
    real_copy = asyncpg.Connection.copy_records_to_table
    reached = set()
    for at in range(1, STATEMENTS + 1):
        store = await opened_at(url)
        # It leads now, and what it does next is the batch.
        await store.entries()
        cutting = Cutting(url, at, before=before)
        monkeypatch.setattr(asyncpg.Connection, "execute", cutting.over(real_execute))
        monkeypatch.setattr(asyncpg.Connection, "copy_records_to_table", cutting.over(real_copy))
        more = [f"ent_{at}_{number}" for number in range(300)]
        await store.commit([MoveCursor("mine", at)], [entry(one, text="said") for one in more])
        wanted += more
        assert await names(store) == wanted
        assert await store.cursor("mine") == at
        assert len(cutting.said) >= at
        reached.add(cutting.said[at - 1].split(" ")[0].lower())
        await store.close()
    assert {"entries", "payloads", "tiles", "update", "delete", "commit;"} <= reached
    monkeypatch.undo()
    last = await opened_at(url)
    assert await names(last) == wanted
    await last.close()
