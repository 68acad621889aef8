"""Builds the channels that the configuration names; each brings its libraries only when named."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assent.core.clock import Clock
from assent.core.faults import OperatorFault
from assent.core.ports import Notifier
from assent.core.secret import Secret
from assent.core.webhook_signature import webhook_key
from assent.notifiers.address_book import Addresses
from assent.notifiers.audience import ForGroups
from assent.notifiers.settings import NotifierConfig, split_server
from assent.notifiers.signing import Intents

if TYPE_CHECKING:
    from assent.notifiers.slack_clicks import SlackClicks

Reveal = Callable[[str], Secret[str]]
WhenDone = Callable[[Callable[[], Awaitable[None]]], object]


@dataclass(frozen=True, slots=True)
class Around:
    """What every channel is built with. folder: what relative paths start from.

    reveal: reads a reference. when_done: takes what is awaited at the end.
    """

    addresses: Addresses
    reveal: Reveal
    clock: Clock
    when_done: WhenDone
    public_url: str
    folder: Path


def notifiers(entries: Sequence[NotifierConfig], around: Around) -> list[Notifier]:
    """Return the channels. Raises OperatorFault."""
    build = {"slack": _slack, "teams": _teams, "email": _email, "webhook": _webhook}
    found: list[Notifier] = []
    for entry in entries:
        channel = build[entry.kind](entry, around)
        found.append(ForGroups(channel, entry.groups) if entry.groups else channel)
    return found


def clicks(entries: Sequence[NotifierConfig], around: Around) -> "SlackClicks | None":
    """Return what takes clicks on buttons, None where no channel has any. Raises OperatorFault."""
    with_buttons = [entry for entry in entries if entry.signing_secret]
    if not with_buttons:
        return None
    from assent.notifiers.posting import Posting
    from assent.notifiers.slack_clicks import SlackApp, SlackClicks

    posting = Posting("Slack", around.clock)
    around.when_done(posting.close)
    apps = [SlackApp(around.reveal(entry.signing_secret), entry.api) for entry in with_buttons]
    return SlackClicks(apps, posting, around.clock, around.public_url)


def check(entries: Sequence[NotifierConfig], reveal: Reveal, folder: Path) -> None:
    """Raise OperatorFault for the first secret or file that a channel could not work with."""
    for entry in entries:
        for reference in entry.references:
            reveal(reference)
        if entry.kind == "webhook":
            webhook_key(reveal(entry.secret))
        authority = folder / entry.certificate_authority
        if entry.certificate_authority and not authority.is_file():
            words = f"there is no `{authority}` (channel `{entry.name}`)"
            raise OperatorFault("certificate-authority", words)


def _slack(entry: NotifierConfig, around: Around) -> Notifier:
    from assent.notifiers.posting import Posting
    from assent.notifiers.slack import Slack

    # Changing a message and replying below it are two calls for one notice.
    posting = Posting("Slack", around.clock, within_s=4.0)
    around.when_done(posting.close)
    signed = entry.signing_secret
    return Slack(
        entry.name,
        entry.channel,
        entry.token,
        posting=posting,
        reveal=around.reveal,
        addresses=around.addresses,
        intents=Intents(around.reveal(signed)) if signed else None,
        api=entry.api,
    )


def _teams(entry: NotifierConfig, around: Around) -> Notifier:
    from assent.notifiers.posting import Posting
    from assent.notifiers.teams import Teams

    posting = Posting("Teams", around.clock)
    around.when_done(posting.close)
    return Teams(entry.name, entry.url, posting=posting, reveal=around.reveal)


def _webhook(entry: NotifierConfig, around: Around) -> Notifier:
    from assent.notifiers.posting import Posting
    from assent.notifiers.webhook import Webhook

    # One that could be guessed stops the start, not the first notice.
    webhook_key(around.reveal(entry.secret))
    posting = Posting(f"the webhook `{entry.name}`", around.clock)
    around.when_done(posting.close)
    return Webhook(
        entry.name,
        entry.url,
        entry.secret,
        posting=posting,
        reveal=around.reveal,
        clock=around.clock,
        source=around.public_url,
    )


def _email(entry: NotifierConfig, around: Around) -> Notifier:
    from assent.notifiers.email import Email, MailServer

    host, port = split_server(entry.server)
    authority = entry.certificate_authority
    server = MailServer(
        host,
        port,
        tls=entry.tls,
        username=entry.username,
        password=entry.password,
        certificate_authority=str(around.folder / authority) if authority else "",
    )
    return Email(
        entry.name,
        server,
        entry.sender,
        entry.to,
        reveal=around.reveal,
        addresses=around.addresses,
    )
