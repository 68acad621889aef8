"""Slack: one message for each thread of notices, changed in its place as things move on.

Source: Slack, "Web API": chat.postMessage, chat.update.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from assent.core.canonical import Json
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.notice import Notice
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.notifiers.address_book import Addresses
from assent.notifiers.posting import Posting
from assent.notifiers.signing import Intents
from assent.notifiers.slack_blocks import ASKS, blocks, fallback, mentions

_LARGEST_ANSWER = 256 * 1024
_REFERENCE = re.compile(r"([A-Z0-9]{2,30}) ([0-9]{1,20}\.[0-9]{1,20})", re.ASCII)
_CODE = re.compile(r"[a-z_]{1,60}", re.ASCII)
# What nobody but the operator can mend.
_CONFIGURATION = frozenset(
    {
        "access_denied", "account_inactive", "channel_is_archived", "channel_not_found",
        "ekm_access_denied", "invalid_auth", "is_archived", "missing_scope", "no_permission",
        "not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required",
        "restricted_action", "team_access_not_granted", "token_expired", "token_revoked",
    }
)  # fmt: skip
# The earlier message cannot be changed (any more): a new one says it.
_NO_CHANGE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"}
)


class Slack:
    """Posts notices to one channel. token: a reference, read afresh for every notice.

    intents: writes what the buttons carry, None for messages without them.
    """

    def __init__(
        self,
        name: str,
        channel: str,
        token: str,
        *,
        posting: Posting,
        reveal: Callable[[str], Secret[str]],
        addresses: Addresses,
        intents: Intents | None,
        api: str,
    ) -> None:
        self._name = name
        self._channel = channel
        self._token = token
        self._posting = posting
        self._reveal = reveal
        self._addresses = addresses
        self._intents = intents
        self._api = api.rstrip("/")

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._name

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        """Post the notice, or change the message `earlier`; return its channel and time.

        Who is asked by a changed message hears of it by a reply: a change rings no bell. Raises
        OutsideFault, OperatorFault.
        """
        message: dict[str, Json] = {
            "text": fallback(notice),
            "blocks": blocks(notice, to, self._addresses, self._intents),
            # Nothing in a text becomes a link, a mention or a preview of a page.
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        before = _REFERENCE.fullmatch(earlier)
        if before is not None:
            place: dict[str, Json] = {"channel": before[1], "ts": before[2]}
            if await self._changed(message | place):
                if notice.topic in ASKS:
                    await self._reply(notice, to, before[1], before[2])
                return earlier
        answer = await self._call("chat.postMessage", message | {"channel": self._channel})
        reference = f"{answer.get('channel')} {answer.get('ts')}"
        return reference if _REFERENCE.fullmatch(reference) else ""

    async def _changed(self, message: dict[str, Json]) -> bool:
        try:
            await self._call("chat.update", message)
        except _CannotChange:
            return False
        return True

    async def _reply(self, notice: Notice, to: Sequence[Subject], channel: str, ts: str) -> None:
        said = f"{fallback(notice)}\n{mentions(to, self._addresses)}"
        reply: dict[str, Json] = {"channel": channel, "thread_ts": ts, "text": said}
        await self._call("chat.postMessage", reply | {"parse": "none", "unfurl_links": False})

    async def _call(self, method: str, content: dict[str, Json]) -> dict[str, Any]:
        headers = {
            "authorization": f"Bearer {self._reveal(self._token).reveal()}",
            "content-type": "application/json; charset=utf-8",
        }
        body = json.dumps(content).encode()
        url = f"{self._api}/{method}"
        answer = await self._posting.post(url, body, headers, _LARGEST_ANSWER)
        if not answer.is_good:
            raise self._posting.away(f"answered {answer.status} where 200 was expected")
        try:
            said = json.loads(answer.data)
        except (ValueError, RecursionError):
            # Without the cause: its text would show what was answered.
            raise self._posting.away("answered something that is not JSON") from None
        if not isinstance(said, dict) or said.get("ok") is not True:
            raise self._refusal(method, said)
        return said

    def _refusal(self, method: str, said: object) -> Exception:
        code = said.get("error") if isinstance(said, dict) else None
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            return self._posting.away("answered that it failed, and not why")
        if method == "chat.update" and code in _NO_CHANGE:
            return _CannotChange("channel-message", f"Slack answered `{code}`")
        if code in _CONFIGURATION:
            words = f"Slack answered `{code}`; look at `token` and `channel` of `{self._name}`"
            return OperatorFault("channel-refused", words)
        return self._posting.away(f"answered `{code}`")


class _CannotChange(OutsideFault):
    """A message cannot be changed; a new one can be posted."""
