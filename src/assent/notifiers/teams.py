"""Microsoft Teams: each notice is an Adaptive Card with a link, posted to a workflow's webhook.

Texts of others stand in text runs, in which Teams reads no Markdown. A workflow tells no id of
what it posted, so a card is never changed. Source: Adaptive Cards 1.5; Microsoft, "Create incoming
webhooks with Workflows".
"""

import json
from collections.abc import Callable, Sequence

from assent.core.canonical import Json
from assent.core.notice import Notice
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.notifiers import words
from assent.notifiers.posting import Posting
from assent.notifiers.settings import check_url

_LARGEST_BYTES = 24 * 1024
"""Teams refuses a message of more than 28 KB."""
_MOST_NAMED = 20


class Teams:
    """Posts cards. url: a reference to the workflow's, read afresh for every notice."""

    def __init__(
        self, name: str, url: str, *, posting: Posting, reveal: Callable[[str], Secret[str]]
    ) -> None:
        self._name = name
        self._url = url
        self._posting = posting
        self._reveal = reveal

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._name

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        """Post the notice. Raises OutsideFault, OperatorFault."""
        url = self._reveal(self._url).reveal()
        check_url(url, f"the url of the channel `{self._name}`")
        headers = {"content-type": "application/json; charset=utf-8"}
        answer = await self._posting.post(url, body_of(notice, to), headers)
        if not answer.is_good:
            raise self._posting.away(f"answered {answer.status} where 200 to 299 was expected")
        return ""


def body_of(notice: Notice, to: Sequence[Subject]) -> bytes:
    """Return the message, with as many of the lines as Teams takes."""
    lines = words.lines(notice)
    while True:
        message = {"type": "message", "attachments": [_attachment(notice, lines, to)]}
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        if len(body) <= _LARGEST_BYTES or not lines:
            return body
        lines = lines[:-1]


def _attachment(notice: Notice, lines: Sequence[str], to: Sequence[Subject]) -> dict[str, Json]:
    body: list[Json] = [_text(words.headline(notice), weight="bolder", size="medium")]
    body += [_text(line) for line in lines]
    if to:
        names = ", ".join(words.one_line(person.name, 80) for person in to[:_MOST_NAMED])
        more = len(to) - _MOST_NAMED
        body.append(_text(f"For {names}" + (f" and {more} more" if more > 0 else ""), subtle=True))
    card: dict[str, Json] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": words.for_markdown(words.headline(notice), words.LONGEST_HEADLINE),
        "body": body,
    }
    link = words.link(notice)
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open in Assent", "url": link}]
    return {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }


def _text(
    text: str, *, weight: str = "default", size: str = "default", subtle: bool = False
) -> dict[str, Json]:
    run: dict[str, Json] = {
        "type": "TextRun",
        "text": text,
        "weight": weight,
        "size": size,
        "isSubtle": subtle,
    }
    return {"type": "RichTextBlock", "inlines": [run]}
