"""What the form that asks for access says, read field by field: what is wrong stands beside it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Literal, TypeVar

from fastapi import Form

from assent.core.faults import ConflictFault
from assent.core.scope import UNLIMITED, Budget, Scope, Window
from assent.policy.sizes import parse_budget
from assent.workflow.wishes import Wish, details_of, window_of

Zones = Callable[[str], tzinfo | None]
"""Finds a time zone by its IANA name, None where there is none."""

T = TypeVar("T")

_DURATION = re.compile(r"([0-9]{1,6}) ?(s|m|min|h|d)")
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_ENDS_WITH_A_ZONE = re.compile(r".* [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2} \S+")


@dataclass(frozen=True, slots=True)
class AskForm:
    """The fields as they were sent. zone: in which times are meant that name none themselves."""

    lasts_for: Annotated[str, Form(max_length=20)] = ""
    read_only: Annotated[bool, Form()] = False
    reason: Annotated[str, Form(max_length=2000)] = ""
    ticket: Annotated[str, Form(max_length=200)] = ""
    verbs: Annotated[str, Form(max_length=4000)] = ""
    tables: Annotated[str, Form(max_length=8000)] = ""
    budget: Annotated[str, Form(max_length=200)] = ""
    starts: Annotated[Literal["approval", "first-use"], Form()] = "approval"
    window: Annotated[str, Form(max_length=200)] = ""
    until: Annotated[str, Form(max_length=40)] = ""
    zone: Annotated[str, Form(max_length=64)] = ""

    @property
    def is_detailed(self) -> bool:
        """Return whether anything beyond the first fields is asked for."""
        texts = (self.verbs, self.tables, self.budget, self.window, self.until)
        return self.starts != "approval" or any(text.strip() for text in texts)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for. errors: name of a field → what is wrong and what would be right."""

    wish: Wish
    lasts_for: timedelta | None
    errors: Mapping[str, str]


def read(form: AskForm, zones: Zones, now: datetime, known: Iterable[str] = ()) -> Asked:
    """Return what the form asks for, with everything that is wrong with it at once.

    known: the verbs of the target's protocol, of which people may write the second half alone.
    """
    errors: dict[str, str] = {}

    def field(name: str, text: str, reader: Callable[[str], T], empty: T) -> T:
        if not text.strip():
            return empty
        try:
            return reader(text.strip())
        except ConflictFault as fault:
            errors[name] = fault.detail
            return empty

    def instant(text: str) -> datetime | None:
        return coming(text, form.zone, zones, now)

    def hours(text: str) -> Window | None:
        return _hours(text, form.zone, zones)

    def verbs(text: str) -> frozenset[str]:
        return _verbs(text, tuple(known))

    wish = Wish(
        scope=Scope(
            verbs=field("verbs", form.verbs, verbs, frozenset()),
            resources=field("tables", form.tables, _tables, frozenset()),
            read_only=form.read_only,
        ),
        budget=field("budget", form.budget, _budget, UNLIMITED),
        first_use=form.starts == "first-use",
        window=field("window", form.window, hours, None),
        until=field("until", form.until, instant, None),
    )
    if wish.first_use and wish.window:
        errors["window"] = "leave the hours empty, or let the clock start at approval"
    lasts_for = field("lasts_for", form.lasts_for, duration, None)
    return Asked(wish, lasts_for, errors)


def duration(text: str) -> timedelta:
    """Return the duration that `90s`, `30m`, `30 min`, `2h` or `1d` says. Raises ConflictFault."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not int(match[1]):
        raise ConflictFault(
            "duration", f"`{text[:80]}` is not a duration; write it as `30m`, `2h` or `1d`"
        )
    return timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])


def coming(text: str, zone: str, zones: Zones, now: datetime) -> datetime:
    """Return the instant that a browser's field for a date and a time says, in that zone.

    Raises ConflictFault `until` where it says none, or one that is over, `zone` for no zone.
    """
    found = zones(zone.strip() or "UTC")
    if found is None:
        words = f"there is no time zone `{zone[:64]}`; write its IANA name, such as `Europe/Berlin`"
        raise ConflictFault("zone", words)
    try:
        at = datetime.fromisoformat(text.strip())
        at = (at if at.tzinfo else at.replace(tzinfo=found)).astimezone(UTC)
    except (ValueError, OverflowError):
        words = f"`{text[:80]}` is no time; write a date and a time such as `2026-12-31T18:00`"
        raise ConflictFault("until", words) from None
    if at <= now:
        raise ConflictFault("until", "this is over already; name a time that is still to come")
    return at


def _verbs(text: str, known: tuple[str, ...]) -> frozenset[str]:
    names: set[str] = set()
    for word in _words(text):
        ends = {one for one in known if one.endswith(f".{word}")}
        names |= {word} if "." in word else ends or {f"sql.{word}"}
    return _checked(Scope(verbs=frozenset(names))).verbs


def _tables(text: str) -> frozenset[str]:
    return _checked(Scope(resources=frozenset(_words(text)))).resources


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _checked(scope: Scope) -> Scope:
    details_of(Wish(scope=scope))
    return scope


def _budget(text: str) -> Budget:
    try:
        return parse_budget(text)
    except ValueError as error:
        raise ConflictFault("budget", str(error)) from None


def _hours(text: str, zone: str, zones: Zones) -> Window:
    named = text if _ENDS_WITH_A_ZONE.fullmatch(text) or not zone.strip() else f"{text} {zone}"
    window = window_of(named)
    details_of(Wish(window=window))
    if zones(window.zone) is None:
        words = f"there is no time zone `{window.zone[:64]}`; write its IANA name, such as"
        raise ConflictFault("window", f"{words} `Europe/Berlin`")
    return window
