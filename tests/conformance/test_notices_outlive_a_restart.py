"""A notice and a timer of one process are told by the next one: the whole, with a real channel."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assent import app
from assent.config import Config, parse
from assent.control.sign_in import Caller, caller_as
from assent.core.evidence import Authentication
from assent.core.request import RequestState, Verdict
from builders import NOON, FixedClock
from operator_service import Service, serving

POLICIES = """
@id("request") permit (principal, action == Action::"access.request", resource);
@id("ask") @require("approve: 1 of dba") @message("a DBA must assent")
forbid (principal in Group::"temps", action == Action::"access.request", resource);
"""


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """What a start changes of the whole process, put back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def a_config(folder: Path, service: Service) -> Config:
    (folder / "policies").mkdir()
    (folder / "policies" / "10.cedar").write_text(POLICIES)
    (folder / "target").write_text("never used")
    (folder / "hook").write_text("a secret of more than twenty-four letters")
    tree = {
        "server": {"listen": "127.0.0.1:0"},
        "postgres": {"listen": "127.0.0.1:0"},
        "canary": {"every": "off"},
        "notifiers": [
            {"name": "ops", "kind": "webhook", "url": service.url, "secret": "file:hook"}
        ],
        "on_call": [{"group": "dba", "people": ["dora"]}],
        "people": [
            {"name": "tim", "groups": ["temps"]},
            *({"name": name, "groups": ["dba"]} for name in ("ben", "dora", "eve", "fay")),
        ],
        "targets": [
            {"name": "shop", "host": "127.0.0.1", "port": 1, "user": "x", "password": "file:target"}
        ],
    }
    return parse(tree, "assent.toml", folder)


def caller(gateway: app.Gateway, name: str) -> Caller:
    subject = gateway.plane.directory.subject_named(name)
    assert subject is not None
    return caller_as(subject, Authentication("password", NOON), "digest", "127.0.0.1", "api")


def told(service: Service) -> list[tuple[str, str]]:
    """Return the type of each message that arrived, and all of it as text."""
    bodies = [body for _, _, body, _ in service.asked]
    return [(json.loads(body)["type"], body.decode()) for body in bodies]


async def until(service: Service, probe: Callable[[list[str]], bool]) -> None:
    async with asyncio.timeout(20):
        while not probe([topic for topic, _ in told(service)]):
            await asyncio.sleep(0.02)


async def test_what_one_process_could_not_tell_the_next_one_does(tmp_path: Path) -> None:
    clock = FixedClock()
    with serving() as service:
        config = a_config(tmp_path, service)
        service.status = 503
        async with app.running(config, clock=clock) as gateway:
            tim = caller(gateway, "tim")
            request = await gateway.plane.access.ask(tim, "shop", None, "", "")
            await until(service, bool)
        service.asked.clear()
        service.status = 200
        clock.advance(timedelta(minutes=3))
        async with app.running(config, clock=clock) as gateway:
            # The question of the first process, and the widening that fell due meanwhile.
            await until(service, lambda topics: topics.count("assent.request.asked") == 2)
            first, second = (text for _, text in told(service))
            assert "dora" in first
            assert "ben" in first
            assert "eve" in second
            await gateway.plane.requests.answer(
                caller(gateway, "eve"), request.id, Verdict.APPROVE, ""
            )
            await until(service, lambda topics: "assent.request.settled" in topics)
            await until(service, lambda topics: "assent.request.answered" in topics)
            found = await gateway.plane.store.request(request.id)
            assert found is not None
            assert found.state is RequestState.COMPLETED
        topics = [topic for topic, _ in told(service)]
        assert topics.count("assent.request.settled") == 1
        assert topics.count("assent.request.asked") == 2
