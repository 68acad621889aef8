"""A start that fails leaves nothing behind, wherever it does: the next one works."""

import gc
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assent import app
from assent.config import Config, parse
from assent.core.faults import Fault, OperatorFault, OutsideFault
from assent.edges import web_server
from assent.stores import SqlStore
from assent.stores.recordings import FileRecorder


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """What a start changes of the whole process, put back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def a_config(folder: Path, web: str = "127.0.0.1:0", **postgres: str) -> Config:
    (folder / "policies").mkdir(exist_ok=True)
    tree = {"server": {"listen": web}, "postgres": {"listen": "127.0.0.1:0", **postgres}}
    return parse(tree, "assent.toml", folder)


def only(fault: BaseException) -> BaseException:
    """Return the one exception in groups of one."""
    while isinstance(fault, BaseExceptionGroup) and len(fault.exceptions) == 1:
        fault = fault.exceptions[0]
    return fault


async def fails(config: Config) -> BaseException:
    with pytest.raises((Fault, ExceptionGroup)) as caught:
        async with app.running(config):
            raise AssertionError("it started")
    return only(caught.value)


async def works(config: Config) -> list[str]:
    """Start and stop; return the kinds of all entries so far."""
    async with app.running(config) as gateway:
        entries = await gateway.plane.store.entries()
        return [json.loads(entry.leaf)["kind"] for entry in entries]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("door", ["web", "postgres"])
async def test_an_address_that_is_free_again_can_be_started_on(tmp_path: Path, door: str) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{taken.getsockname()[1]}"
    wrong = a_config(tmp_path, web=address) if door == "web" else a_config(tmp_path, listen=address)
    for _ in range(2):
        fault = await fails(wrong)
        assert isinstance(fault, OperatorFault)
        assert fault.code == "address-in-use"
    taken.close()
    await works(wrong)


async def test_what_was_wrong_in_the_data_folder_can_be_put_right(tmp_path: Path) -> None:
    config, key = a_config(tmp_path), tmp_path / "data" / "credentials.key"
    key.parent.mkdir()
    key.write_bytes(b"short")
    await fails(config)
    key.unlink()
    await works(config)


async def test_a_certificate_that_was_wrong_can_be_put_right(tmp_path: Path) -> None:
    (tmp_path / "wrong.pem").write_text("no certificate")
    await fails(a_config(tmp_path, certificate="wrong.pem"))
    await works(a_config(tmp_path))


@pytest.mark.parametrize(
    ("where", "name"),
    [(SqlStore, "publish"), (SqlStore, "commit"), (FileRecorder, "recover"), (web_server, "start")],
)
async def test_whatever_fails_on_the_way_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    config = a_config(tmp_path)
    await works(config)
    heard: list[tuple[Any, ...]] = []

    async def away(*given: object, **named: object) -> None:
        heard.extend(one.getsockname() for one in given if isinstance(one, socket.socket))
        raise OutsideFault("away", "it is away")

    before = open_files()
    with monkeypatch.context() as patched:
        patched.setattr(where, name, away)
        for _ in range(2):
            assert isinstance(await fails(config), OutsideFault)
    assert open_files() <= before
    for address in heard if where is web_server else ():
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(address).close()
    await works(config)


async def test_a_fault_while_it_runs_stops_it_as_cleanly_as_any_other_end(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    with pytest.raises(ExceptionGroup) as caught:
        async with app.running(config):
            raise RuntimeError("ours")
    assert str(only(caught.value)) == "ours"
    kinds = await works(config)
    assert [kind for kind in kinds if kind.startswith("server.")][:2] == [
        "server.started",
        "server.stopped",
    ]
