"""What agents call the tools with: the bodies of the API, and a few of their own."""

from typing import Annotated

from pydantic import Field, StringConstraints

from assent.api.bodies import AskBody, Body, LabelledName, Line, Name, Prose, Seconds
from assent.core.request import RequestState

MOST_WAIT_S = 60

Id = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z]+_[A-Za-z0-9_]+$")
]


class NothingBody(Body):
    """No arguments."""


class TargetBody(Body):
    """A target by its name."""

    target: Name


class SessionBody(AskBody):
    """Access to be used now. connections: how many sessions the password opens."""

    connections: Annotated[int, Field(ge=1, le=16, strict=True)] = 1


class RequestBody(Body):
    """A request by its id."""

    request: Id


class RequestsBody(Body):
    """Which of one's requests; every state where none is named."""

    states: Annotated[tuple[RequestState, ...], Field(max_length=20)] = ()


class WaitBody(RequestBody):
    """A request, and for how long to wait until it is settled."""

    wait_s: Annotated[int, Field(ge=1, le=MOST_WAIT_S, strict=True)] = 30


class WhyBody(RequestBody):
    """What a request lacks: a reason, or a ticket."""

    reason: Prose = ""
    ticket: Line = ""


class AcceptOfferBody(RequestBody):
    """Which offer for a request is taken; null where there is only one."""

    offer: Id | None = None


class AboutBody(Body):
    """A request (req_…), a session (ses_…), an action (act_…) or an entry (ent_…)."""

    about: Id


class AlternativeBody(RequestBody):
    """What would do instead of what a request asks for.

    words: for the people who are asked. The rest narrows a request for access, which is asked for
    anew with it: nothing of it can be more than was asked for.
    """

    words: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
    for_s: Seconds | None = None
    verbs: Annotated[tuple[Line, ...], Field(max_length=200)] = ()
    tables: Annotated[tuple[LabelledName, ...], Field(max_length=200)] = ()
    read_only: bool = False
    budget: Line = ""
