"""Texts of others, made safe to be shown: bounded, in one line, and without what a place reads."""

import re
from collections.abc import Callable, Iterable
from itertools import islice

from assent.core.notice import Notice

LONGEST_HEADLINE = 500
LONGEST_LINE = 500
MOST_LINES = 20
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!~|<>&])")


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """Return text as one line of at most so many characters, all of which can be seen.

    What moves a cursor, turns the direction of writing or is half of a character becomes a space.
    """
    words = islice(text, most * 4)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def headline(notice: Notice) -> str:
    """Return what a notice says first, and never nothing."""
    return one_line(notice.headline, LONGEST_HEADLINE) or one_line(notice.topic) or "news"


def lines(notice: Notice) -> list[str]:
    """Return what else it says."""
    found = (one_line(line) for line in notice.lines[:MOST_LINES])
    return [line for line in found if line]


def link(notice: Notice) -> str:
    """Return the address of its page, empty where it has none that a browser should open."""
    text = notice.link
    plain = text.isascii() and text.isprintable() and not re.search(r"[\s<>\"'|\\]", text)
    return text if plain and len(text) <= 1_000 and text.startswith(("http://", "https://")) else ""


def for_slack(text: str, most: int) -> str:
    """Return text for Slack with nothing in it that Slack reads, in at most so many characters.

    Source: Slack, "Formatting message text", escaping: `&`, `<` and `>` are control characters.
    """
    return _within(text, most, {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get)


def for_markdown(text: str, most: int) -> str:
    """Return text for Markdown with nothing in it that Markdown reads."""
    return _within(text, most, lambda sign: f"\\{sign}" if _MARKDOWN.match(sign) else None)


def _within(text: str, most: int, escaped: Callable[[str], str | None]) -> str:
    """Return text with some signs escaped. It is cut between signs, never inside of an escape."""
    return "".join(_parts((escaped(sign) or sign for sign in text), most))


def _parts(signs: Iterable[str], most: int) -> list[str]:
    found: list[str] = []
    size = 0
    for sign in signs:
        size += len(sign)
        if size > most:
            while found and size - len(sign) > most - 1:
                size -= len(found.pop())
            return [*found, "…"]
        found.append(sign)
    return found
