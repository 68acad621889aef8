"""Builds what answers for the operator's own services, as the configuration says."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from assent.core.clock import Clock
from assent.core.ports import IssueTracker, OnCall
from assent.core.secret import Secret
from assent.intelligence.on_call import OnCallOf, OnCallService, Rota, bearer
from assent.intelligence.settings import IssueTrackerConfig, OnCallConfig, turns_of

WITHIN_S = 2.0
"""How long each of them may take."""

Reveal = Callable[[str], Secret[str]]
WhenDone = Callable[[Callable[[], Awaitable[None]]], object]


def on_call(
    entries: Sequence[OnCallConfig], reveal: Reveal, clock: Clock, when_done: WhenDone
) -> OnCall | None:
    """Return who knows who is on call, None where nobody does.

    reveal: reads a reference. when_done: takes what is awaited at the end.
    """
    if not entries:
        return None
    lines = [
        turns_of(entry, f"[[on_call]] {number}")
        for number, entry in enumerate(entries, 1)
        if not entry.url
    ]
    rota = Rota(lines)
    by_group: dict[str, OnCall] = {line.group: rota for line in lines}
    others: OnCall | None = None
    for entry in entries:
        if not entry.url:
            continue
        service = _service(entry, reveal, clock, when_done)
        if entry.group:
            by_group[entry.group] = service
        else:
            others = service
    return OnCallOf(by_group, others)


def issue_tracker(
    settings: IssueTrackerConfig, reveal: Reveal, clock: Clock, when_done: WhenDone
) -> IssueTracker | None:
    """Return what looks tickets up, None where there is none."""
    if not settings.url:
        return None
    # An HTTP client, and all that it brings, only for whoever has a tracker.
    from assent.intelligence.asking import Asking
    from assent.intelligence.issue_tracker import IssueTrackerHook

    asking = Asking("the issue tracker", settings.url, WITHIN_S)
    when_done(asking.close)
    return IssueTrackerHook(asking.post, reveal(settings.secret), clock)


def _service(
    entry: OnCallConfig, reveal: Reveal, clock: Clock, when_done: WhenDone
) -> OnCallService:
    # An HTTP client, and all that it brings, only for whoever has such a service.
    from assent.intelligence.asking import Asking

    asking = Asking("the on-call service", entry.url, WITHIN_S)
    when_done(asking.close)
    headers = bearer(reveal(entry.token) if entry.token else None)

    async def ask(query: Mapping[str, str]) -> object:
        return await asking.get(query, headers)

    return OnCallService(ask, clock)
