"""Every channel keeps the same promises, each to an end of its own kind on loopback."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from assent.core.secret import Secret
from assent.notifiers.email import Email, MailServer
from assent.notifiers.posting import Posting
from assent.notifiers.signing import Intents
from assent.notifiers.slack import Slack
from assent.notifiers.teams import Teams
from assent.notifiers.webhook import Webhook
from builders import FixedClock
from channel_notices import BOOK, NOON, revealing
from channel_peers import FakeSlack, MailPeer, Taken, http_peer, mail_peer
from conformance.notifier_suite import EXPECTATIONS, Around, Bench, Expectation

SHORTLY_S = 0.3
SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgd2ViaG9vayBpcyBsb25n"


async def slack(stack: AsyncExitStack) -> Bench:
    peer = await stack.enter_async_context(http_peer())
    workspace = FakeSlack(peer, "xoxb-the-token")
    posting = Posting("Slack", FixedClock(NOON), SHORTLY_S)
    stack.push_async_callback(posting.close)
    channel = Slack(
        "ops",
        "#dba",
        "env:TOKEN",
        posting=posting,
        reveal=revealing(TOKEN="xoxb-the-token"),
        addresses=BOOK,
        intents=Intents(Secret("the-signing-secret")),
        api=f"{peer.url}/api",
    )
    return Bench(
        channel,
        refuse=lambda: peer.say(500),
        hang=lambda: setattr(peer, "hangs", True),
        went=lambda: [json.dumps(one, ensure_ascii=False) for one in workspace.messages.values()],
        secrets=("xoxb-the-token", "the-signing-secret"),
        changes_in_place=True,
    )


async def teams(stack: AsyncExitStack) -> Bench:
    peer = await stack.enter_async_context(http_peer())
    peer.say(202)
    posting = Posting("Teams", FixedClock(NOON), SHORTLY_S)
    stack.push_async_callback(posting.close)
    url = f"{peer.url}/workflows/x?sig=the-signature"
    channel = Teams("ops", "env:URL", posting=posting, reveal=revealing(URL=url))
    return Bench(
        channel,
        refuse=lambda: peer.say(502),
        hang=lambda: setattr(peer, "hangs", True),
        went=lambda: [taken.body.decode() for taken in peer.taken],
        secrets=("the-signature",),
    )


async def webhook(stack: AsyncExitStack) -> Bench:
    peer = await stack.enter_async_context(http_peer())
    posting = Posting("the webhook `ops`", FixedClock(NOON), SHORTLY_S)
    stack.push_async_callback(posting.close)
    url = f"{peer.url}/hook?key=the-key"
    channel = Webhook(
        "ops",
        "env:URL",
        "env:SECRET",
        posting=posting,
        reveal=revealing(SECRET=SECRET, URL=url),
        clock=FixedClock(NOON),
        source="https://assent.test",
    )

    def text(taken: Taken) -> str:
        return json.dumps(taken.json, ensure_ascii=False)

    return Bench(
        channel,
        refuse=lambda: peer.say(500, b"no"),
        hang=lambda: setattr(peer, "hangs", True),
        went=lambda: [text(taken) for taken in peer.taken],
        secrets=(SECRET, "the-key"),
    )


async def email(stack: AsyncExitStack) -> Bench:
    peer = await stack.enter_async_context(mail_peer())
    channel = Email(
        "ops",
        MailServer("127.0.0.1", peer.port, tls="off", username="assent", password="env:WORD"),
        "assent@example.org",
        ("security@example.org",),
        reveal=revealing(WORD="the-pass-word"),
        addresses=BOOK,
        within_s=SHORTLY_S,
    )
    return Bench(
        channel,
        refuse=lambda: peer.says.update(END="451 the-pass-word: later"),
        hang=lambda: setattr(peer, "hangs", True),
        went=lambda: _mails(peer),
        secrets=("the-pass-word",),
    )


def _mails(peer: MailPeer) -> list[str]:
    found = []
    for _, _, message in peer.mails:
        text = message.get_body(("plain",))
        assert text is not None
        found.append(f"{message['Subject']}\n{text.get_content()}")
    return found


@pytest.fixture(params=[slack, teams, webhook, email], ids=lambda build: build.__name__)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield await request.param(stack)


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda one: one.__name__)
async def test_every_channel_keeps_it(
    bench: Bench,
    expectation: Expectation,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await expectation(bench, Around(caplog, capsys))
