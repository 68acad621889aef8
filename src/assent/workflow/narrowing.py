"""What access is asked for, as terms, and the same asked for with less: never with more."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from assent.core.action import Action
from assent.core.faults import ConflictFault
from assent.core.scope import AMOUNTS, Budget, Scope, Terms

ACCESS = "access.request"
"""The one verb whose actions can be narrowed."""

MOST_NAMES = 200
"""Verbs, and names of resources, in the terms of one request."""


def terms_of(details: Mapping[str, str]) -> Terms:
    """Return the terms that the details of a request for access ask for.

    Raises ConflictFault `terms` where they cannot be read.
    """
    seconds = details.get("for_s", "")
    if seconds and not (seconds.isdecimal() and len(seconds) <= 9 and int(seconds)):
        raise ConflictFault("terms", f"`{seconds[:80]}` is not a number of seconds")
    return Terms(
        lasts_for=timedelta(seconds=int(seconds)) if seconds else None,
        scope=Scope(
            frozenset(details.get("verbs", "").split()),
            frozenset(details.get("resources", "").split()),
            details.get("read_only") == "true",
        ),
        budget=budget_of(details.get("budget", "")),
    )


def narrow(action: Action, terms: Terms) -> Action:
    """Return `action` as it is with these terms; what they leave open stays as it was asked.

    Raises ConflictFault `cannot-be-narrowed` for anything but a request for access,
    `more-than-asked` where the terms go beyond it, `nothing-less` where they leave it as it is.
    """
    if action.verb != ACCESS:
        raise ConflictFault(
            "cannot-be-narrowed",
            "only a request for access can be answered with less; this is one exact action, "
            "which you approve or reject",
        )
    asked = terms_of(action.details)
    offered = _filled(asked, terms)
    if beyond := _beyond(asked, offered):
        raise ConflictFault(
            "more-than-asked",
            f"an offer is never more than was asked for, and this one is in: {', '.join(beyond)}",
        )
    if offered == asked:
        raise ConflictFault(
            "nothing-less", "that is no less than was asked for; approve it, or say what to leave"
        )
    return replace(action, details=_written(action.details, offered))


def is_within(terms: Terms, asked: Terms) -> bool:
    """Return whether `terms` are in no respect more than `asked`."""
    return not _beyond(asked, terms)


def describe_terms(terms: Terms) -> tuple[str, ...]:
    """Return terms in words, one for each respect in which something is limited."""
    words = []
    if terms.lasts_for is not None:
        words.append(f"for {_duration(terms.lasts_for)}")
    if terms.scope.read_only:
        words.append("read-only")
    if terms.scope.verbs:
        words.append(f"only {', '.join(sorted(terms.scope.verbs))}")
    if terms.scope.resources:
        words.append(f"only on {', '.join(sorted(terms.scope.resources))}")
    if terms.budget.is_limited:
        words.append(f"at most {budget_words(terms.budget)}")
    return tuple(words)


def budget_of(text: str) -> Budget:
    """Return the budget that `writes 5, rows 1000` says; an empty text is none.

    Raises ConflictFault `terms`.
    """
    amounts: dict[str, int] = {}
    for part in text.split(",") if text.strip() else ():
        name, _, number = part.strip().partition(" ")
        number = number.strip()
        if name not in AMOUNTS or name in amounts or not _is_amount(number):
            raise ConflictFault(
                "terms",
                f"`{part.strip()[:80]}` is no part of a budget; write `writes 5, rows 1000` with "
                f"some of {', '.join(AMOUNTS)}, each once and from 1 on",
            )
        amounts[name] = int(number)
    return Budget(**amounts)


def budget_text(budget: Budget) -> str:
    """Return a budget as `budget_of` reads it."""
    return ", ".join(f"{name} {most}" for name, most in budget.amounts().items() if most)


def budget_words(budget: Budget) -> str:
    """Return a budget for people: `5 writes, 1000 rows`."""
    return ", ".join(
        f"{most} {name.replace('_', ' ')}" for name, most in budget.amounts().items() if most
    )


def _is_amount(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 15 and int(text) > 0


def _filled(asked: Terms, terms: Terms) -> Terms:
    """Return `terms` with what they leave open as it was asked for."""
    amounts = {
        name: asked.budget.amounts()[name] if most is None else most
        for name, most in terms.budget.amounts().items()
    }
    return Terms(
        asked.lasts_for if terms.lasts_for is None else terms.lasts_for,
        Scope(
            terms.scope.verbs or asked.scope.verbs,
            terms.scope.resources or asked.scope.resources,
            terms.scope.read_only or asked.scope.read_only,
        ),
        Budget(**amounts),
    )


def _beyond(asked: Terms, terms: Terms) -> list[str]:
    """Return in which respects `terms` are more than `asked`, or no terms at all."""
    beyond = []
    lasts_for = terms.lasts_for
    if lasts_for is None:
        longer = asked.lasts_for is not None
    else:
        whole = lasts_for >= timedelta(seconds=1) and not lasts_for.microseconds
        longer = not whole or (asked.lasts_for is not None and lasts_for > asked.lasts_for)
    if longer:
        beyond.append("its duration")
    if not terms.scope.within(asked.scope) or not _are_names(terms.scope):
        beyond.append("what it covers")
    limits = asked.budget.amounts()
    for name, most in terms.budget.amounts().items():
        limit = limits[name]
        if (most is not None and most < 1) or (
            limit is not None and (most is None or most > limit)
        ):
            beyond.append(f"its {name.replace('_', ' ')}")
    return beyond


def _are_names(scope: Scope) -> bool:
    """Return whether every name can be written between spaces, and there are not too many."""
    return all(
        len(names) <= MOST_NAMES
        and all(name and len(name) <= 260 and name.split() == [name] for name in names)
        for names in (scope.verbs, scope.resources)
    )


def _written(details: Mapping[str, str], terms: Terms) -> dict[str, str]:
    """Return the details with these terms in place of those that they had."""
    changed = dict(details)
    seconds = "" if terms.lasts_for is None else str(int(terms.lasts_for.total_seconds()))
    written = {
        "for_s": seconds,
        "verbs": _joined(terms.scope.verbs),
        "resources": _joined(terms.scope.resources),
        "read_only": "true" if terms.scope.read_only else "",
        "budget": budget_text(terms.budget),
    }
    for name, value in written.items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    return changed


def _joined(names: Iterable[str]) -> str:
    return " ".join(sorted(names))


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
