"""Searching by effect."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render_search import effect_out
from assent.api.search_schemas import SearchOut
from assent.control.searching import MOST_FOUND, Question, cursor_text, position_of
from assent.core.role import Permission

router = APIRouter(prefix="/v1/search", tags=["search"])

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_VERB = r"^[^\x00]*$"

Verb = Annotated[
    str | None,
    Query(max_length=80, pattern=_VERB, description="Such as `sql.delete`; `sql.*` for all of it."),
]
ResourceName = Annotated[
    str, Query(max_length=200, description="The last part of a name, or more: `public.orders`.")
]
Name = Annotated[str, Query(max_length=64)]
RowsOver = Annotated[int | None, Query(ge=0, le=2**53 - 1, description="More rows than that.")]
Words = Annotated[
    str, Query(max_length=200, description="Words of the statement, where policy lets it.")
]
Moment = Annotated[AwareDatetime | None, Query(description="RFC 3339, half open.")]
Before = Annotated[
    str | None, Query(pattern=r"^[0-9]{1,17}-[0-9]{1,19}$", description="`next` of another page.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_FOUND)]


@router.get("", dependencies=[Depends(needs(Permission.ASK, Permission.READ_LOG))])
async def search(
    door: TheDoor,
    caller: SignedIn,
    verb: Verb = None,
    resource: ResourceName = "",
    by: Name = "",
    target: Name = "",
    session: Name = "",
    outcome: Literal["permitted", "denied", "held"] | None = None,
    rows_over: RowsOver = None,
    text: Words = "",
    since: Moment = None,
    until: Moment = None,
    everything: Annotated[bool, Query(alias="all", description="The canary's too.")] = False,
    before: Before = None,
    limit: Limit = 100,
) -> SearchOut:
    """Find what was done to what, newest first: yours, or everybody's where you oversee."""
    question = Question(
        verb=verb or "",
        resource=resource,
        by=by,
        target=target,
        session=session,
        outcome=outcome or "",
        rows_over=rows_over,
        text=text,
        since=_within(since),
        until=_within(until),
        with_canary=everything,
    )
    position = position_of(before) if before else None
    answer = await door.plane.searching.search(caller, question, position, limit)
    return SearchOut(
        items=[effect_out(door.plane.directory, one) for one in answer.effects],
        next=cursor_text(answer.next) if answer.next else None,
        indexed=answer.indexed,
        size=answer.size,
    )


def _within(at: datetime | None) -> datetime | None:
    """Return a moment that every clock can say, before or behind all that was ever done."""
    return min(max(at, _EARLIEST), _LATEST) if at is not None else None
