"""What is shown of agents and service accounts, read in one go."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.ids import SubjectId
from assent.core.request import Request
from assent.core.session import Session
from assent.core.subject import Subject, SubjectKind
from assent.core.token import Token

_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Program:
    """A program. tokens: that count now. seen_at: when one was used last, None for never.

    sessions, requests: the newest ones; only on its own page.
    """

    subject: Subject
    tokens: Sequence[Token]
    seen_at: datetime | None
    sessions: Sequence[Session] = ()
    requests: Sequence[Request] = ()


async def programs_listed(plane: ControlPlane, caller: Caller) -> Sequence[Program]:
    """Return the programs that the caller may see, agents first, by name."""
    now, tokens = plane.clock.now(), defaultdict[SubjectId, list[Token]](list)
    found = [
        one
        for kind in (SubjectKind.AGENT, SubjectKind.WORKLOAD)
        for one in plane.programs.workloads.listing(caller, kind)
    ]
    for token in await plane.store.tokens() if found else ():
        if now < token.expires_at:
            tokens[token.subject].append(token)
    return [Program(one, tokens[one.id], _seen(tokens[one.id])) for one in found]


async def program_page(plane: ControlPlane, subject: Subject) -> Program:
    """Return all of one program that the caller was found to see."""
    now = plane.clock.now()
    tokens = [one for one in await plane.store.tokens(subject.id) if now < one.expires_at]
    return Program(
        subject,
        tokens,
        _seen(tokens),
        await plane.store.sessions(subject.id, limit=_MOST_SHOWN),
        await plane.store.requests((), subject.id, limit=_MOST_SHOWN),
    )


def _seen(tokens: Sequence[Token]) -> datetime | None:
    return max((one.seen_at for one in tokens if one.seen_at), default=None)
