"""Failing closed: what is not understood, not known or not decidable is denied."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psycopg
import pytest

import gateway_world
from assent.control.history import History
from assent.core.action import Action
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import SubjectId
from assent.demo.world import World
from assent.edges import outside
from assent.stores import SqlStore
from assent.system.clock import SystemClock
from gateway_world import Gateway, Shop, asyncpg_connect

DEMO = Path(gateway_world.world.__file__).parent / "policies"


@contextmanager
def with_policies(template: World, folder: Path, **more: str) -> Iterator[Gateway]:
    """Serve the demo with these policy files more, or instead where a name is the same."""
    texts = {path.name: path.read_text() for path in DEMO.glob("*.cedar")}
    texts |= {f"{name}.cedar": text for name, text in more.items()}
    created = gateway_world.create_world(folder, template, policies=texts)
    with gateway_world.serving(created) as gateway:
        yield gateway


@pytest.mark.parametrize(
    "statement",
    [
        "do $$ begin execute 'delete from ' || 'orders'; end $$",
        "select something_of_an_extension()",
        "select * from query_to_xml('delete from orders', true, true, '')",
        "vacuum full orders",
        "reindex table orders",
        "load 'plpgsql'",
        "call anything()",
        "create function f() returns int language sql as 'select 1'",
        "set role postgres",
        "set session authorization postgres",
        "select lo_export(1, '/tmp/x')",
        "copy orders to program 'cat'",
        "delete from",
        "sel ect 1",
    ],
)
async def test_what_cannot_be_fully_understood_is_refused_for_who_may_not_do_it(
    gateway: Gateway, statement: str
) -> None:
    """Row: an action cannot be fully understood."""
    connection = await asyncpg_connect(gateway.connect_as("ana"))
    with pytest.raises(asyncpg.PostgresError) as fault:
        await connection.execute(statement)
    assert fault.value.sqlstate in ("42501", "42601")
    assert await connection.fetchval("select 42") == 42
    await connection.close(timeout=5)


async def test_what_cannot_be_fully_understood_waits_for_people_where_a_policy_names_it(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    """Row: an action cannot be fully understood."""
    gateway.step_up("ben")
    connection = await asyncpg_connect(gateway.connect_as("ben"))
    text = f"do $$ begin execute 'delete from ' || '{table}'; end $$"
    held = asyncio.ensure_future(connection.execute(text))
    request = await asyncio.to_thread(gateway.wait_for_request, table, "ben")
    shown = gateway.request(request, "ben")
    assert {touch["verb"] for touch in shown["action"]["touches"]} == {"sql.unknown"}
    assert shop.count(table) == 1000
    gateway.reject(request, "carl")
    with pytest.raises(asyncpg.PostgresError):
        await held
    await connection.close(timeout=5)
    assert shop.count(table) == 1000


async def test_evidence_that_does_not_come_in_time_never_lowers_the_risk(
    template: World, shop: Shop, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row: evidence cannot be gathered in time."""

    async def never(self: History, action: Action) -> dict[str, int]:
        await asyncio.sleep(3600)
        return {}

    def risk_of_a_delete(gateway: Gateway) -> dict[str, object]:
        credential = gateway.connect_as("ana")
        where = {**credential.keywords, "dbname": credential.database}
        with psycopg.connect(**where, autocommit=True) as connection:
            rejecter = threading.Thread(target=gateway.reject_next, args=(table,))
            rejecter.start()
            with pytest.raises(psycopg.Error):
                connection.execute(f"delete from {table}")
            rejecter.join(10)
        items = gateway.answer("ana", "GET", "/v1/requests?mine=true")["items"]
        newest = max(items, key=lambda item: item["created_at"])
        risk: dict[str, object] = newest["risk"]
        return risk

    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving_inside(created, shop.loop) as inside:
        usual = await asyncio.to_thread(risk_of_a_delete, inside)
        monkeypatch.setattr(History, "counts", never)
        blind = await asyncio.to_thread(risk_of_a_delete, inside)
        monkeypatch.undo()
    assert int(str(blind["score"])) > 0
    assert "unavailable" in str(blind["factors"])
    assert "unavailable" not in str(usual["factors"])
    assert shop.count(table) == 1000


@pytest.mark.parametrize("behaves", ["hangs", "fails"])
async def test_without_what_was_learned_decisions_go_on_and_are_no_less_risky(
    template: World,
    shop: Shop,
    table: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    behaves: str,
) -> None:
    """Row: evidence cannot be gathered in time. Here the store of profiles is away."""

    async def away(self: SqlStore, subject: SubjectId) -> bytes | None:
        if behaves == "hangs":
            await asyncio.sleep(3600)
        raise OutsideFault("store-unavailable", "the profiles are away")

    async def risk_of_a_read(gateway: Gateway) -> tuple[int, str]:
        connection = await asyncpg_connect(await asyncio.to_thread(gateway.connect_as, "ana"))
        assert await connection.fetchval(f"select count(*) from {table}") == 1000
        await connection.close(timeout=5)
        sessions = await asyncio.to_thread(gateway.answer, "ana", "GET", "/v1/sessions")
        newest = max(sessions["items"], key=lambda item: item["opened_at"])["id"]
        told = await asyncio.to_thread(gateway.answer, "ana", "GET", f"/v1/explain/{newest}")
        decided = [entry for entry in told["entries"] if entry["kind"] == "decision"]
        return decided[-1]["facts"]["score"], str(decided[-1]["payload"])

    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving_inside(created, shop.loop) as inside:
        usual, said = await risk_of_a_read(inside)
        assert "'unavailable': ['known']" not in said
    blinded = gateway_world.create_world(tmp_path / "blind", template)
    monkeypatch.setattr(SqlStore, "profile", away)
    with gateway_world.serving_inside(blinded, shop.loop) as inside:
        blind, said = await risk_of_a_read(inside)
        assert "'unavailable': ['known']" in said
    assert blind >= usual


ERRING = """
@id("guard.erring")
forbid (principal, action == Action::"sql.update", resource in Target::"shop")
when { context.risk.score + 9223372036854775807 < 0 };
"""


async def test_a_policy_that_errs_denies(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: a policy errs, or there is none. Cedar itself would skip that forbid."""
    with with_policies(template, tmp_path / "own", zz_erring=ERRING) as gateway:
        connection = await asyncpg_connect(gateway.connect_as("ana"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError) as fault:
            await connection.execute(f"update {table} set cents = 1 where id = 1")
        assert "guard.erring" in str(fault.value)
        assert await connection.fetchval(f"select cents from {table} where id = 1") == 10
        await connection.close(timeout=5)


async def test_where_no_policy_permits_nothing_is_permitted(
    template: World, table: str, tmp_path: Path
) -> None:
    """Row: a policy errs, or there is none."""
    with with_policies(template, tmp_path / "own", **{"20-statements": ""}) as gateway:
        connection = await asyncpg_connect(gateway.connect_as("ana"))
        for statement in ("select 1", f"select * from {table}", "begin", "show timezone"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        connection.terminate()


async def test_without_any_policy_nobody_gets_in(template: World, tmp_path: Path) -> None:
    """Row: a policy errs, or there is none."""
    created = gateway_world.create_world(tmp_path / "own", template, policies={"none.cedar": ""})
    with gateway_world.serving(created) as gateway:
        response = gateway.call("ana", "POST", "/v1/connect", {"target": "shop"})
        assert response.status_code == 403
        assert gateway.answer("ana", "GET", "/v1/targets")["items"][0]["access"] == "closed"


async def test_an_obligation_that_cannot_be_kept_is_a_denial(
    template: World, table: str, tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row: an obligation cannot be kept."""
    created = gateway_world.create_world(tmp_path / "own", template)
    monkeypatch.setattr(outside, "HONOURS", frozenset({"max_duration", "decide_each"}))
    with (
        pytest.raises((OperatorFault, asyncpg.PostgresError), match="record"),
        gateway_world.serving_inside(created, shop.loop) as gateway,
    ):
        # The policies that open sessions oblige to record.
        await asyncpg_connect(await asyncio.to_thread(gateway.connect_as, "ana"))


class Machine:
    """The machine's clock, which somebody sets."""

    def __init__(self) -> None:
        self.off = timedelta()

    def wall(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self.off


async def test_a_clock_that_is_set_back_lengthens_no_grant(
    template: World, shop: Shop, tmp_path: Path
) -> None:
    """Row: evidence cannot be gathered in time. Here the time itself is wrong."""
    machine = Machine()
    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving_inside(created, shop.loop, SystemClock(machine.wall)) as gateway:
        credential = await asyncio.to_thread(gateway.connect_as, "ana", for_s=2)
        connection = await asyncpg_connect(credential)
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        began_at = time.monotonic()
        machine.off = -timedelta(hours=1)
        assert await connection.fetchval("select 42") == 42
        await asyncio.wait_for(ended.wait(), 10)
        assert time.monotonic() - began_at < 3.2
        with pytest.raises(asyncpg.PostgresError):
            await asyncpg_connect(credential)


async def test_a_clock_that_is_set_forward_ends_what_is_over(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: evidence cannot be gathered in time. Here the time itself is wrong."""
    machine = Machine()
    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving_inside(created, shop.loop, SystemClock(machine.wall)) as gateway:
        connection = await asyncpg_connect(await asyncio.to_thread(gateway.connect_as, "ana"))
        held = asyncio.ensure_future(connection.execute(f"delete from {table}"))
        await asyncio.to_thread(gateway.wait_for_request, table)
        machine.off = timedelta(hours=3)
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await asyncio.wait_for(held, 5)
        connection.terminate()
    assert shop.count(table) == 1000
