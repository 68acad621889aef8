"""Channels are built as they are configured, and bring nothing along for whoever has none."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.core.ports import Notifier
from assent.notifiers.audience import ForGroups
from assent.notifiers.channels import Around, check, clicks, notifiers
from assent.notifiers.email import Email
from assent.notifiers.settings import NotifierConfig
from assent.notifiers.slack import Slack
from assent.notifiers.slack_clicks import SlackClicks
from assent.notifiers.teams import Teams
from assent.notifiers.webhook import Webhook
from builders import FixedClock
from channel_notices import BEN, BOOK, NOON, a_notice, revealing
from channel_peers import FakeSlack, http_peer, webhook_is_signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SLACK = NotifierConfig("chat", "slack", token="env:T", channel="#dba", signing_secret="env:S")
TEAMS = NotifierConfig("teams", "teams", url="env:U")
HOOK = NotifierConfig("hook", "webhook", url="https://ops.test/x", secret="env:W")
MAIL = NotifierConfig("mail", "email", server="mail.test:587", sender="assent@example.org")
_LIBRARIES = """
import sys
import assent.config, assent.notifiers.channels
print([name for name in ("aiosmtplib", "httpx2", "jinja2") if name in sys.modules])
"""


class Built:
    """What channels are built with, and what they want awaited at the end."""

    def __init__(self, folder: Path) -> None:
        self.ends: list[Callable[[], Awaitable[None]]] = []
        secrets = revealing(T="xoxb-1", S="the signing secret", U="https://teams.test/", W=SECRET)
        clock = FixedClock(NOON)
        url = "https://assent.test"
        self.around = Around(BOOK, secrets, clock, self.ends.append, url, folder)

    async def close(self) -> None:
        for end in self.ends:
            await end()


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[Built]:
    built = Built(tmp_path)
    yield built
    await built.close()


def test_each_kind_is_built_under_its_name(built: Built) -> None:
    found = notifiers([SLACK, TEAMS, HOOK, MAIL], built.around)
    assert [type(one) for one in found] == [Slack, Teams, Webhook, Email]
    assert [one.name for one in found] == ["chat", "teams", "hook", "mail"]
    assert len(built.ends) == 3  # Mail keeps no connection.


def test_a_channel_of_a_group_is_one(built: Built) -> None:
    (found,) = notifiers([NotifierConfig("t", "teams", ("dba",), url="env:U")], built.around)
    assert isinstance(found, ForGroups)
    assert found.name == "t"


def test_clicks_are_taken_where_a_channel_has_buttons(built: Built) -> None:
    assert isinstance(clicks([HOOK, SLACK], built.around), SlackClicks)
    assert clicks([HOOK, MAIL], built.around) is None


@pytest.mark.parametrize(
    "entry",
    [
        NotifierConfig("hook", "webhook", url="https://ops.test/x", secret="env:MISSING"),
        NotifierConfig("hook", "webhook", url="https://ops.test/x", secret="env:T"),
        NotifierConfig("c", "slack", token="env:T", channel="#a", signing_secret="env:MISSING"),
        NotifierConfig(
            "m", "email", server="m:25", sender="a@b.test", certificate_authority="missing.pem"
        ),
    ],
)
def test_what_cannot_work_stops_the_start(built: Built, entry: NotifierConfig) -> None:
    with pytest.raises(OperatorFault) as caught:
        notifiers([entry], built.around)
    assert "xoxb-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (NotifierConfig("h", "webhook", url="env:MISSING", secret="env:W"), "MISSING"),
        (NotifierConfig("h", "webhook", url="https://ops.test/x", secret="env:T"), "24 bytes"),
        (
            NotifierConfig(
                "m", "email", server="m:25", sender="a@b.test", certificate_authority="none.pem"
            ),
            "none.pem",
        ),
    ],
)
def test_what_cannot_work_is_found_without_starting(
    built: Built, entry: NotifierConfig, words: str
) -> None:
    check([SLACK, TEAMS, HOOK, MAIL], built.around.reveal, built.around.folder)
    with pytest.raises(OperatorFault, match=words):
        check([entry], built.around.reveal, built.around.folder)


async def test_what_was_built_sends(built: Built) -> None:
    async with http_peer() as chat, http_peer() as hook:
        workspace = FakeSlack(chat, "xoxb-1")
        slack = NotifierConfig(
            "chat", "slack", token="env:T", channel="#dba", signing_secret="env:S",
            api=f"{chat.url}/api",
        )  # fmt: skip
        webhook = NotifierConfig("hook", "webhook", url=f"{hook.url}/x", secret="env:W")
        found: list[Notifier] = notifiers([slack, webhook], built.around)
        await asyncio.gather(*(one.send(a_notice(), (BEN,), "") for one in found))
        (message,) = workspace.messages.values()
        assert [one["action_id"] for one in message["blocks"][-1]["elements"]][1:] == [
            "approve",
            "reject",
        ]
        assert webhook_is_signed(hook.taken[0], SECRET)


def test_a_start_without_channels_reads_none_of_their_libraries() -> None:
    ended = subprocess.run([sys.executable, "-c", _LIBRARIES], capture_output=True, text=True)
    assert ended.stdout == "[]\n", ended.stderr
