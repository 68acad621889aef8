"""A running Assent tells people by the channels that its configuration names."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent import app
from assent.config import parse
from assent.core.faults import OperatorFault
from channel_peers import FakeSlack, HttpPeer, Reply, Taken, http_peer, webhook_is_signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """What a start changes of the whole process, put back."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def arrived(peer: HttpPeer) -> asyncio.Event:
    """Return what is set once something came."""
    event, answer = asyncio.Event(), peer.answer

    def told(taken: Taken) -> Reply:
        event.set()
        return answer(taken)

    peer.answer = told
    return event


async def test_a_notice_that_is_kept_reaches_every_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-1")
    (tmp_path / "policies").mkdir()
    async with http_peer() as hook, http_peer() as chat:
        workspace = FakeSlack(chat, "xoxb-1")
        both = (arrived(hook), arrived(chat))
        slack = {"kind": "slack", "token": "env:SLACK_TOKEN", "channel": "#dba"}
        tree = {
            "server": {"listen": "127.0.0.1:0", "public_url": "https://assent.test"},
            "postgres": {"listen": "127.0.0.1:0"},
            "people": [{"name": "ben", "groups": ["dba"], "slack": "U024BE7LH"}],
            "notifiers": [
                {"name": "hook", "kind": "webhook", "url": hook.url, "secret": "env:HOOK_SECRET"},
                {**slack, "name": "chat", "api": f"{chat.url}/api", "groups": ["dba"]},
            ],
        }
        async with app.running(parse(tree, "assent.toml", tmp_path)) as gateway:
            plane = gateway.plane
            ben = next(one for one in plane.directory.subjects() if one.name == "ben")
            notice = plane.outbox.notice("grant.ends", to=(ben.id,), headline="is it heard?")
            await plane.store.commit((notice,), ())
            async with asyncio.timeout(10):
                await asyncio.gather(*(event.wait() for event in both))
        (message,) = workspace.messages.values()
        assert "<@U024BE7LH>" in str(message["blocks"])
        assert webhook_is_signed(hook.taken[0], SECRET)
        assert hook.taken[0].json["source"] == "https://assent.test"


def test_a_secret_of_a_channel_that_is_not_there_is_found_by_the_check(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    hook = {"name": "hook", "kind": "webhook", "url": "https://ops.test", "secret": "env:NOT_SET_X"}
    with pytest.raises(OperatorFault, match="NOT_SET_X"):
        app.check(parse({"notifiers": [hook]}, "assent.toml", tmp_path))
