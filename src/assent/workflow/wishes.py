"""What else access is asked for with: when its clock starts, in which hours, going on from what.

Its duration, scope and budget are its terms (`workflow.narrowing`). All of it stands in the
details of the action, in words, so that people see it and approvals are bound to it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from assent.core.clock import isoformat
from assent.core.faults import ConflictFault
from assent.core.ids import GrantId
from assent.core.scope import EVERYTHING, UNLIMITED, Budget, Scope, Window
from assent.workflow.narrowing import MOST_NAMES, budget_text, terms_of

FIRST_USE = "first-use"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHORT = {"mon,tue,wed,thu,fri": "mon-fri", "mon,tue,wed,thu,fri,sat,sun": "mon-sun"}
_DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_WINDOW = re.compile(
    rf"(?P<days>{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?){{0,6}})"
    r" (?P<from>[0-9]{2}:[0-9]{2})-(?P<to>[0-9]{2}:[0-9]{2})"
    r"(?: (?P<zone>[A-Za-z][A-Za-z0-9_+/-]{0,63}))?"
)
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,260}")
_VERB = re.compile(r"[a-z][a-z0-9-]{0,31}\.[a-z][a-z0-9-]{0,31}")
# Of years with four digits, whatever the zone.
_LAST_S = 253_000_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What access shall be, but for how long.

    first_use: its clock starts when it is first used. window: hours in which alone it counts.
    until: when it is over at the latest; with first_use, by when it must have been used.
    extends: the grant that it goes on from.
    """

    scope: Scope = EVERYTHING
    budget: Budget = UNLIMITED
    first_use: bool = False
    window: Window | None = None
    until: datetime | None = None
    extends: GrantId | None = None


ANYTHING = Wish()
"""All that policies permit, from now on."""


def details_of(wish: Wish) -> dict[str, str]:
    """Return a wish as details of an action, what is not wished for left out.

    Raises ConflictFault `terms` where it cannot be had: too many names, odd ones, hours that
    never come, or a clock that starts later in hours that come again.
    """
    _check(wish)
    written = {
        "verbs": " ".join(sorted(wish.scope.verbs)),
        "resources": " ".join(sorted(wish.scope.resources)),
        "read_only": "true" if wish.scope.read_only else "",
        "budget": budget_text(wish.budget),
        "starts": FIRST_USE if wish.first_use else "",
        "window": window_text(wish.window) if wish.window else "",
        "until_s": str(int(wish.until.timestamp())) if wish.until else "",
        "extends": wish.extends or "",
    }
    return {name: value for name, value in written.items() if value}


def wish_of(details: Mapping[str, str]) -> Wish:
    """Return what the details of a request for access wish for. Raises ConflictFault `terms`."""
    terms = terms_of(details)
    starts, until_s = details.get("starts", ""), details.get("until_s", "")
    if starts not in ("", FIRST_USE):
        raise ConflictFault("terms", f"`{starts[:80]}` is no start; leave it out or `{FIRST_USE}`")
    if until_s and not (until_s.isascii() and until_s.isdecimal() and int(until_s) <= _LAST_S):
        raise ConflictFault("terms", f"`{until_s[:80]}` is no end; write seconds since 1970")
    window = details.get("window", "")
    extends = details.get("extends", "")
    wish = Wish(
        scope=terms.scope,
        budget=terms.budget,
        first_use=starts == FIRST_USE,
        window=window_of(window) if window else None,
        until=datetime.fromtimestamp(int(until_s), UTC) if until_s else None,
        extends=GrantId(extends) if extends else None,
    )
    _check(wish)
    return wish


def window_of(text: str) -> Window:
    """Return the hours that `mon-fri 22:00-06:00 Europe/Berlin` says; UTC where no zone is named.

    Whether there is such a zone is not looked at. Raises ConflictFault `window`.
    """
    match = _WINDOW.fullmatch(" ".join(text.split()).replace(", ", ","))
    minutes = match and (_minute(match["from"]), _minute(match["to"]))
    if match is None or minutes is None or None in minutes:
        raise ConflictFault(
            "window",
            f"`{text[:80]}` is no window; write days, hours and a zone as in "
            "`mon-fri 22:00-06:00 Europe/Berlin` or `sat,sun 08:00-12:00 UTC`",
        )
    begins, ends = minutes
    weekdays: set[int] = set()
    for part in match["days"].split(","):
        first, _, last = part.partition("-")
        start, stop = _DAYS.index(first), _DAYS.index(last or first)
        weekdays.update((start + step) % 7 + 1 for step in range((stop - start) % 7 + 1))
    return Window(frozenset(weekdays), begins or 0, ends or 0, match["zone"] or "UTC")


def window_text(window: Window) -> str:
    """Return hours as `window_of` reads them."""
    days = ",".join(_DAYS[day - 1] for day in sorted(window.weekdays))
    days = {"mon,tue,wed,thu,fri": "mon-fri", "mon,tue,wed,thu,fri,sat,sun": "mon-sun"}.get(
        days, days
    )
    begins, ends = (
        f"{minute // 60:02}:{minute % 60:02}" for minute in (window.from_minute, window.to_minute)
    )
    return f"{days} {begins}-{ends} {window.zone}"


def describe_wish(wish: Wish) -> tuple[str, ...]:
    """Return in words what a wish says besides its terms."""
    until = f"{isoformat(wish.until)[:19]}Z" if wish.until else ""
    words = []
    if wish.first_use:
        words.append("from its first use on" + (f", which is before {until}" if until else ""))
    elif until:
        words.append(f"until {until}")
    if wish.window:
        words.append(f"in the hours {window_text(wish.window)}")
    if wish.extends:
        words.append(f"going on from grant {wish.extends}")
    return tuple(words)


def _minute(text: str) -> int | None:
    hour, minute = int(text[:2]), int(text[3:])
    return 60 * hour + minute if hour < 24 and minute < 60 else None


def _check(wish: Wish) -> None:
    for names, fits, such_as in (
        (wish.scope.verbs, _VERB, "sql.read"),
        (wish.scope.resources, _NAME, "public.orders` or `sales.*"),
    ):
        if len(names) > MOST_NAMES:
            raise ConflictFault("terms", f"{len(names)} names are too many; {MOST_NAMES} at most")
        for name in sorted(names):
            if not fits.fullmatch(name):
                raise ConflictFault("terms", f"`{name[:80]}` is not a name such as `{such_as}`")
    if wish.first_use and wish.window:
        words = "a clock that starts at first use and hours that come again do not go together"
        raise ConflictFault("terms", f"{words}; ask for one of them")
    if wish.window and (
        not wish.window.weekdays or wish.window.from_minute == wish.window.to_minute
    ):
        raise ConflictFault("window", "a window begins and ends at different times of a day")
    if wish.extends and len(wish.extends) > 64:
        raise ConflictFault("terms", f"`{wish.extends[:80]}` is not the id of a grant")
