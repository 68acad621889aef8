"""What the configuration says of who is on call and of the issue tracker."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assent.content.patterns import own
from assent.core.faults import ConflictFault, OperatorFault
from assent.core.scope import Window
from assent.intelligence.on_call import Turns
from assent.workflow.wishes import window_of

_REFERENCES = ("file:", "env:")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_MOST_PEOPLE = 50
_FIRST_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class OnCallConfig:
    """`[[on_call]]`: who of a group is asked first.

    group: whose; several entries of one group follow each other. people: names, the first one
    first. turns: `weekly` or `daily`: the first place moves on by one each time. since: the day
    on which the first of `people` is first, such as `2026-01-05`; by default a Monday. time_zone:
    of its days, such as `Europe/Berlin`; UTC without it. hours: in which it counts, such as
    `mon-fri 08:00-18:00`. url: instead of people, where a service says who it is: asked with
    `group` and `at`, it answers `{"on_call": ["ben"]}`; without `group`, for every group that has
    no entry. token: a reference (`file:…`, `env:…`) to its bearer token.
    """

    group: str = ""
    people: tuple[str, ...] = ()
    turns: str = ""
    since: str = ""
    time_zone: str = ""
    hours: str = ""
    url: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class IssueTrackerConfig:
    """`[issue_tracker]`: what knows whether a ticket asks somebody for what they do.

    url: of a webhook; it is sent `{ticket, subject, target}` and answers `{"status": "open"}`,
    `closed` or `unknown`, and perhaps `for`, the names of those whom the ticket is for. secret:
    a reference (`file:…`, `env:…`) to what its requests are signed with. pattern: of RE2, what a
    whole ticket looks like, such as `OPS-[0-9]+`; any other is refused at once.
    """

    url: str = ""
    secret: str = ""
    pattern: str = ""


def check_on_call(entries: Sequence[OnCallConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the entries."""
    for number, entry in enumerate(entries, 1):
        where = f"{place} {number}"
        if bool(entry.people) == bool(entry.url):
            raise _wrong("needs either `people` or a `url`", where)
        if not entry.group and not entry.url:
            raise _wrong("needs a `group`", where)
        for name in (*entry.people, *filter(None, (entry.group,))):
            if not _NAME.fullmatch(name):
                words = f"`{name[:80]}` must be 1 to 63 of letters, digits and `.-_@`"
                raise _wrong(words, where)
        if len(entry.people) > _MOST_PEOPLE:
            raise _wrong(f"names more than {_MOST_PEOPLE} people", f"{where} people")
        if entry.turns not in ("", "weekly", "daily"):
            words = f"`{entry.turns[:80]}` is none of `weekly`, `daily`"
            raise _wrong(words, f"{where} turns")
        if entry.url:
            _check_url(entry.url, f"{where} url")
            _check_reference(entry.token, f"{where} token", may_be_empty=True)
        else:
            turns_of(entry, where)
    if sum(not entry.group for entry in entries) > 1:
        raise _wrong("has two entries for every group", place)


def check_issue_tracker(tracker: IssueTrackerConfig, place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with it."""
    if tracker.pattern:
        own(tracker.pattern, f"{place} pattern")
    if tracker.url:
        _check_url(tracker.url, f"{place} url")
        _check_reference(tracker.secret, f"{place} secret")
    elif tracker.secret:
        raise _wrong("is a secret for no `url`", f"{place} secret")


def turns_of(entry: OnCallConfig, place: str) -> Turns:
    """Return one line of the rota. Raises OperatorFault."""
    hours = _hours(entry.hours, place)
    named = hours.zone if hours and entry.hours.split()[-1] == hours.zone else ""
    if named and entry.time_zone not in ("", named):
        raise _wrong(f"is in another zone than `{entry.time_zone[:80]}`", f"{place} hours")
    name = entry.time_zone or named
    zone = _zone(name, place)
    if hours and name:
        hours = replace(hours, zone=name)
    return Turns(
        group=entry.group,
        people=entry.people,
        zone=zone,
        turns=entry.turns,
        since=_day(entry.since, f"{place} since"),
        hours=hours,
    )


def _hours(text: str, place: str) -> Window | None:
    try:
        return window_of(text) if text else None
    except ConflictFault as fault:
        raise _wrong(fault.detail, f"{place} hours") from fault


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text) if text else _FIRST_MONDAY
    except ValueError:
        words = f"`{text[:80]}` is no day; write it as `2026-01-05`"
        raise _wrong(words, place) from None


def _zone(name: str, place: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = f"`{name[:80]}` is no time zone; write its IANA name, such as `Europe/Berlin`"
        raise _wrong(words, f"{place} time_zone") from None


def _check_url(text: str, place: str) -> None:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _wrong(f"`{text[:80]}` is no address", place) from None
    if url.scheme not in ("http", "https") or not host or url.username or url.fragment:
        raise _wrong(
            f"`{text[:80]}` is no address such as `https://ops.example.org/on-call`", place
        )
    if url.scheme == "http" and host not in _LOOPBACK:
        raise _wrong("what is sent would cross the network in the clear; write `https://`", place)


def _check_reference(text: str, place: str, *, may_be_empty: bool = False) -> None:
    if not text and may_be_empty:
        return
    if not text.startswith(_REFERENCES):
        # Without its text: it may be the secret itself.
        raise _wrong("must be a reference: `file:PATH` or `env:NAME`", place)


def _wrong(words: str, place: str) -> OperatorFault:
    return OperatorFault("config-value", words, place)
