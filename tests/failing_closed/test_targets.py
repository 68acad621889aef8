"""Failing closed: the target is away, does not know us, or goes in the middle."""

import asyncio
import socket
from pathlib import Path

import asyncpg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop, asyncpg_connect, eventually


def changed(template: World, folder: Path, pattern: str, replacement: str) -> World:
    return gateway_world.create_world(folder, template, change=[(pattern, replacement)])


async def refused_words(gateway: Gateway, *secrets: str) -> str:
    """Return how a session is refused; it must not tell what the gateway keeps to itself."""
    with pytest.raises((asyncpg.PostgresError, OSError)) as fault:
        await asyncpg_connect(gateway.connect_as("ana"))
    told = (
        f"{fault.value!r} {getattr(fault.value, 'detail', '')} {getattr(fault.value, 'hint', '')}"
    )
    for secret in secrets:
        assert secret not in told
    eventually(
        lambda: gateway.answer("ana", "GET", "/v1/sessions?open=true")["items"] == [],
        "no session is left open",
    )
    assert gateway.answer("ana", "GET", "/healthz")["status"] == "ok"
    return told


async def test_a_target_that_is_down_is_said_to_be_away(template: World, tmp_path: Path) -> None:
    """Row: the control plane is away. Here it is the target."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        created = changed(template, tmp_path / "own", r"\nport = \d+", f"\nport = {port}")
        with gateway_world.serving(created) as gateway:
            assert "cannot be reached" in await refused_words(gateway)


async def test_a_target_that_never_answers_is_given_up(template: World, tmp_path: Path) -> None:
    """Row: the control plane is away. Here it is the target."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        created = changed(template, tmp_path / "own", r"\nport = \d+", f"\nport = {port}")
        with gateway_world.serving(created) as gateway:
            connecting = asyncio.ensure_future(
                asyncpg_connect(gateway.connect_as("ana"), timeout=40)
            )
            with pytest.raises((asyncpg.PostgresError, OSError)):
                await asyncio.wait_for(connecting, 30)


async def test_a_wrong_password_of_the_target_is_the_operators_affair(
    template: World, shop: Shop, tmp_path: Path
) -> None:
    """Row: the control plane is away. Here the target does not let the gateway in."""
    created = gateway_world.create_world(tmp_path / "own", template)
    (created.folder / "shop.password").write_text("not-the-password\n")
    with gateway_world.serving(created) as gateway:
        told = await refused_words(
            gateway, "not-the-password", shop.database.user, str(created.folder)
        )
        assert "password authentication failed" not in told


async def test_a_missing_credential_of_the_target_opens_nothing(
    template: World, tmp_path: Path
) -> None:
    """Row: the control plane is away. Here its credential is."""
    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving(created) as gateway:
        (created.folder / "shop.password").unlink()
        await refused_words(gateway, str(created.folder))


async def test_a_target_without_tls_is_refused_where_it_is_required(
    template: World, tmp_path: Path
) -> None:
    """Row: an obligation cannot be kept. Here it is the configuration's."""
    created = changed(template, tmp_path / "own", r'tls = "prefer"', 'tls = "require"')
    with gateway_world.serving(created) as gateway:
        await refused_words(gateway)


async def test_a_target_that_goes_in_the_middle_ends_the_session(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    """Row: the control plane is away. Here it is the target."""
    connection = await asyncpg_connect(gateway.connect_as("ana"))
    running = asyncio.ensure_future(
        connection.fetch(f"select count(*) as {table} from generate_series(1, 1000000000)")
    )
    query = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        f"where query like '%as {table}%' and pid <> pg_backend_pid()"
    )
    await asyncio.to_thread(eventually, lambda: shop.query(query), "the statement runs")
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await asyncio.wait_for(running, 10)
    assert connection.is_closed()


async def test_a_target_that_goes_while_a_statement_is_held_runs_nothing(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    """Row: the control plane is away. Here it is the target."""
    connection = await asyncpg_connect(
        gateway.connect_as("ana"), server_settings={"application_name": table}
    )
    held = asyncio.ensure_future(connection.execute(f"delete from {table}"))
    request = await asyncio.to_thread(gateway.wait_for_request, table)
    query = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1"
    assert shop.query(query, table)
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await asyncio.wait_for(held, 10)
    await asyncio.to_thread(gateway.wait_until, request, "withdrawn", "interrupted")
    assert gateway.call("ben", "POST", f"/v1/requests/{request}/approve", {}).status_code == 409
    assert shop.count(table) == 1000
