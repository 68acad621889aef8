"""Recorded decisions are read backwards, each once, for those who oversee."""

from typing import Any

import pytest

from assent.control import decided
from assent.core.faults import ForbiddenFault
from builders import ANA, BEN, CARL, READ, World, a_caller, asking_to


async def test_all_of_them_come_page_by_page_newest_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await world.connect()
    for number in range(4):
        await world.did(client, asking_to("sql.insert", f"insert {number}"))
    everything, left = await world.decided_before.page(a_caller(CARL), None, 500)
    assert left is None
    assert [one["decision"]["index"] for one in everything] == sorted(  # type: ignore[index, call-overload]
        (one["decision"]["index"] for one in everything),  # type: ignore[index, call-overload]
        reverse=True,
    )
    newest: Any = everything[0]
    assert newest["attempt"]["payload"]["text"] == "insert 3"
    for page_size, limit in ((1000, 1), (3, 500), (2, 2), (7, 3)):
        monkeypatch.setattr(decided, "_PAGE", page_size)
        found: list[Any] = []
        before: int | None = None
        for _ in range(200):
            items, before = await world.decided_before.page(a_caller(CARL), before, limit)
            assert len(items) <= limit
            found += items
            if before is None:
                break
        assert found == list(everything)


async def test_an_empty_log_has_no_decisions(world: World) -> None:
    assert await world.decided_before.page(a_caller(CARL), None, 10) == ([], None)


async def test_who_read_them_is_in_the_log_once_for_all_pages(world: World) -> None:
    _, _ = await world.decided_before.page(a_caller(CARL), None, 10)
    await world.decided_before.page(a_caller(CARL), 1, 10)
    assert world.journal.count("audit.exported") == 1


async def test_only_those_who_oversee_read_them(world: World) -> None:
    await world.did(await world.connect(), READ)
    for who in (ANA, BEN):
        with pytest.raises(ForbiddenFault):
            await world.decided_before.page(a_caller(who), None, 10)
