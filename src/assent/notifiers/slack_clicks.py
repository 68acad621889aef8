"""What comes back from Slack: somebody pressed a button. It is answered by a link, and no more.

Whoever runs the chat could press every button in anybody's name. So a click decides nothing: it
leads to the page where people sign in, and there they answer as themselves.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog

from assent.core.clock import Clock
from assent.core.faults import Fault, ForbiddenFault, PeerFault
from assent.core.secret import Secret
from assent.notifiers.posting import Posting
from assent.notifiers.settings import SLACK_API
from assent.notifiers.signing import SLACK_WINDOW_S, Intent, Intents, is_from_slack

_MOST_REMEMBERED = 10_000
_MOST_DIGITS = 12

_log = structlog.get_logger("slack")


@dataclass(frozen=True, slots=True)
class SlackApp:
    """A Slack app whose clicks are taken. api: where it lives."""

    signing_secret: Secret[str]
    api: str = SLACK_API

    @property
    def intents(self) -> Intents:
        """What writes and reads what its buttons carry."""
        return Intents(self.signing_secret)


class SlackClicks:
    """Takes clicks that Slack signed, each once. public_url: without a slash at its end."""

    def __init__(
        self, apps: Sequence[SlackApp], posting: Posting, clock: Clock, public_url: str
    ) -> None:
        self._apps = tuple(apps)
        self._posting = posting
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._seen: dict[bytes, int] = {}

    def take(self, timestamp: str, signature: str, body: bytes) -> Callable[[], Awaitable[None]]:
        """Return what answers a click, to be awaited once Slack was told that it arrived.

        Raises ForbiddenFault where Slack did not sign it, not now, or it came before; PeerFault
        for what Slack would not send.
        """
        app = self._signed_by(timestamp, signature, body)
        self._take_once(int(timestamp), body)
        payload = _payload(body)
        actions, url = payload.get("actions"), payload.get("response_url")
        first = actions[0] if isinstance(actions, list) and actions else None
        value = first.get("value") if isinstance(first, dict) else None
        if payload.get("type") != "block_actions" or not isinstance(value, str):
            return _nothing  # Such as a click on the link itself, which Slack tells too.
        if not isinstance(url, str) or not _is_of(url, app.api):
            raise PeerFault("slack-click", "the click cannot be answered where it says")
        intent = app.intents.read(value)
        return lambda: self._answer(url, self._words(intent))

    def _signed_by(self, timestamp: str, signature: str, body: bytes) -> SlackApp:
        now = int(self._clock.now().timestamp())
        digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MOST_DIGITS
        if not digits or abs(now - int(timestamp)) > SLACK_WINDOW_S:
            raise ForbiddenFault("not-from-slack", "the click is not from now; press it again")
        found = None
        for app in self._apps:
            if is_from_slack(app.signing_secret, timestamp, signature, body):
                found = app
        if found is None:
            words = "the signature is not Slack's; compare `signing_secret` with that of the app"
            raise ForbiddenFault("not-from-slack", words)
        return found

    def _take_once(self, timestamp: int, body: bytes) -> None:
        now = int(self._clock.now().timestamp())
        self._seen = {key: until for key, until in self._seen.items() if until >= now}
        key = sha256(f"{timestamp} ".encode() + body).digest()
        if key in self._seen:
            raise ForbiddenFault("not-from-slack", "the click came before")
        if len(self._seen) >= _MOST_REMEMBERED:
            raise ForbiddenFault("too-many-attempts", "too many clicks; press it again later")
        self._seen[key] = timestamp + SLACK_WINDOW_S

    def _words(self, intent: Intent | None) -> str:
        if intent is None:
            return "This button is not one of Assent's. Nothing was answered."
        link = f"<{self._public_url}/requests/{intent.request}|Open the request>"
        return (
            f"Nothing is answered yet. {link}, sign in, and {intent.verb} it there, "
            f"or in a terminal: `assent {intent.verb} {intent.request}`"
        )

    async def _answer(self, url: str, text: str) -> None:
        said = {"response_type": "ephemeral", "replace_original": False, "text": text}
        headers = {"content-type": "application/json; charset=utf-8"}
        try:
            answer = await self._posting.post(url, json.dumps(said).encode(), headers)
        except Fault as fault:
            # The click decided nothing, so nothing is lost but a hint.
            _log.warning("slack-answer-failed", code=fault.code)
            return
        if not answer.is_good:
            _log.warning("slack-answer-failed", status=answer.status)


async def _nothing() -> None:
    """Answer nothing."""


def _payload(body: bytes) -> dict[str, Any]:
    try:
        form = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10)
        payload = json.loads(form["payload"][0])
    except (ValueError, KeyError, RecursionError):
        raise PeerFault("slack-click", "the body holds no `payload` in JSON") from None
    if not isinstance(payload, dict):
        raise PeerFault("slack-click", "the `payload` is no object")
    return payload


def _is_of(url: str, api: str) -> bool:
    """Return whether an address to answer at belongs to the Slack of this API, and no other."""
    try:
        there, known = urlsplit(url), urlsplit(api)
        port = there.port
    except ValueError:
        return False
    if there.username is not None or there.password is not None:
        return False
    if known.scheme == "http":  # Allowed for this machine alone.
        return (there.scheme, there.netloc) == (known.scheme, known.netloc)
    return there.scheme == "https" and there.hostname == f"hooks.{known.hostname}" and port is None
