"""The whole, built and taken apart: what it needs, what it logs, and that it ends."""

import asyncio
import gc
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from assent import app
from assent.config import Config, parse
from assent.core.faults import OperatorFault
from builders import CountingIds, FixedClock

PERMIT = '@id("{name}") permit (principal, action == Action::"session.open", resource);\n'


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """What a start changes of the whole process, put back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def a_config(folder: Path, **server: str) -> Config:
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "10.cedar").write_text(PERMIT.format(name="open"))
    tree = {
        "server": {"listen": "127.0.0.1:0", **server},
        "postgres": {"listen": "127.0.0.1:0"},
        "people": [{"name": "ana", "groups": ["dba"]}],
    }
    return parse(tree, "assent.toml", folder)


async def kinds(gateway: app.Gateway) -> list[str]:
    entries = await gateway.plane.store.entries()
    return [json.loads(entry.leaf)["kind"] for entry in entries]


async def test_it_starts_serves_and_stops_and_says_so_in_the_log(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    for start in range(1, 3):
        async with app.running(config) as gateway:
            async with httpx2.AsyncClient() as client:
                answer = await client.get(f"{gateway.api_url}/healthz")
            assert answer.status_code == 200
            reader, writer = await asyncio.open_connection(*gateway.postgres_address)
            assert (await kinds(gateway)).count("server.started") == start
            assert (await kinds(gateway)).count("server.stopped") == start - 1
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()
        with pytest.raises(OSError):
            await asyncio.open_connection(*gateway.postgres_address)


async def test_keys_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    async with app.running(config):
        pass
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").glob("*.key")}
    assert set(before) == {"audit.key", "credentials.key", "master.key"}
    for path in (tmp_path / "data").glob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with app.running(config):
        pass
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "data").glob("*.key")}


async def test_new_policies_are_in_force_at_once_and_logged_when_they_differ(
    tmp_path: Path,
) -> None:
    config = a_config(tmp_path)
    async with app.running(config) as gateway:
        first = await gateway.reload_policies()
        assert "policy.changed" not in await kinds(gateway)
        (tmp_path / "policies" / "20.cedar").write_text(PERMIT.format(name="again"))
        assert await gateway.reload_policies() != first
        assert (await kinds(gateway))[-1] == "policy.changed"
        (tmp_path / "policies" / "20.cedar").write_text("permit (")
        with pytest.raises(OperatorFault, match=r"20\.cedar"):
            await gateway.reload_policies()
        assert (await kinds(gateway)).count("policy.changed") == 1


async def test_a_start_that_cannot_be_right_listens_on_nothing(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    (data / "credentials.key").write_bytes(b"short")
    with pytest.raises(OperatorFault, match="must hold 32 bytes"):
        async with app.running(config):
            raise AssertionError("it started")


async def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    async with app.running(a_config(tmp_path)) as gateway:
        taken = gateway.api_url.removeprefix("http://")
        other = tmp_path / "other"
        other.mkdir()
        with pytest.raises(OperatorFault, match="cannot be listened on"):
            async with app.running(a_config(other, listen=taken)):
                raise AssertionError("it started")


async def test_clock_and_luck_are_those_that_are_handed_in(tmp_path: Path) -> None:
    clock = FixedClock()
    async with app.running(a_config(tmp_path), clock=clock, ids=CountingIds()) as gateway:
        assert gateway.plane.clock is clock
        entry = (await gateway.plane.store.entries())[0]
        assert json.loads(entry.leaf)["id"].startswith("ent_0000")
