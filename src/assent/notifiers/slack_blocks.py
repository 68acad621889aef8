"""A notice as a Slack message: blocks, and the words where blocks are not shown.

All texts of others stand in `plain_text` objects, where nothing is a mention, a link or markup,
and are escaped all the same. Source: Slack, "Block Kit reference", with its limits.
"""

from collections.abc import Sequence

from assent.control.pacing import ASKED, REMINDER
from assent.core.canonical import Json
from assent.core.ids import RequestId
from assent.core.notice import Notice
from assent.core.subject import Subject
from assent.notifiers import words
from assent.notifiers.address_book import Addresses
from assent.notifiers.signing import Intent, Intents

ASKS = frozenset({ASKED, REMINDER})
_MOST_IN_HEADER = 150
_MOST_IN_FIELD = 2_000
_FIELDS = 10
_MOST_NAMED = 20
_MOST_IN_CONTEXT = 1_500


def blocks(
    notice: Notice, to: Sequence[Subject], addresses: Addresses, intents: Intents | None
) -> list[Json]:
    """Return the blocks of a notice. intents: None for a message without buttons that ask."""
    header = words.for_slack(words.headline(notice), _MOST_IN_HEADER)
    found: list[Json] = [{"type": "header", "text": _plain(header)}]
    lines = [words.for_slack(line, _MOST_IN_FIELD) for line in words.lines(notice)]
    if len(words.headline(notice)) > _MOST_IN_HEADER:
        lines.insert(0, words.for_slack(words.headline(notice), _MOST_IN_FIELD))
    for start in range(0, len(lines), _FIELDS):
        fields: list[Json] = [_plain(line) for line in lines[start : start + _FIELDS]]
        found.append({"type": "section", "fields": fields})
    if to:
        found.append({"type": "context", "elements": [_mrkdwn(mentions(to, addresses))]})
    buttons = _buttons(notice, intents)
    if buttons:
        found.append({"type": "actions", "block_id": "assent", "elements": buttons})
    return found


def mentions(to: Sequence[Subject], addresses: Addresses) -> str:
    """Return whom it is for: mentioned where their member id is known, else named."""
    named = []
    for person in to[:_MOST_NAMED]:
        member = addresses(person, "slack")
        named.append(f"<@{member}>" if member else words.for_slack(words.one_line(person.name), 80))
    more = len(to) - _MOST_NAMED
    said = ", ".join(named) + (f" and {more} more" if more > 0 else "")
    return f"For {said}"


def fallback(notice: Notice) -> str:
    """Return the words of a message where its blocks are not shown, such as on a locked screen."""
    return words.for_slack(words.headline(notice), words.LONGEST_HEADLINE)


def _buttons(notice: Notice, intents: Intents | None) -> list[Json]:
    found: list[Json] = []
    link = words.link(notice)
    if link:
        label = _plain("Open in Assent")
        found.append({"type": "button", "action_id": "open", "text": label, "url": link})
    if intents is None or notice.request is None or notice.topic not in ASKS:
        return found
    for verb, says, style in (
        ("approve", "Approve…", "primary"),
        ("reject", "Reject…", "danger"),
    ):
        found.append(
            {
                "type": "button",
                "action_id": verb,
                "style": style,
                "text": _plain(says),
                "value": intents.written(Intent(verb, RequestId(notice.request))),
            }
        )
    return found


def _plain(text: str) -> dict[str, Json]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _mrkdwn(text: str) -> dict[str, Json]:
    return {"type": "mrkdwn", "text": text[:_MOST_IN_CONTEXT], "verbatim": True}
