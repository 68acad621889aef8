"""What clients send to answer requests in other ways than yes and no."""

from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from assent.api.bodies import Body, LabelledName, Name, Prose, Seconds
from assent.api.signing_bodies import ProvedBody
from assent.core.scope import Budget, Scope, Terms
from assent.workflow.narrowing import MOST_NAMES

Amount = Annotated[int, Field(ge=1, le=10**15, strict=True)]
Identity = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]


class BudgetBody(Body):
    """How much may be done, null for as much as was asked for."""

    actions: Amount | None = None
    writes: Amount | None = None
    rows: Amount | None = None
    bytes: Amount | None = None
    risk_points: Amount | None = None


class OfferBody(ProvedBody):
    """Less than was asked for; what is left out stays as it was asked for.

    for_s: seconds. verbs, resources: some of those that were asked for. read_only: true to
    narrow it to reading.
    """

    for_s: Seconds | None = None
    verbs: Annotated[tuple[Name, ...], Field(max_length=MOST_NAMES)] = ()
    resources: Annotated[tuple[LabelledName, ...], Field(max_length=MOST_NAMES)] = ()
    read_only: Annotated[bool, Field(strict=True)] = False
    budget: BudgetBody = BudgetBody()

    @property
    def terms(self) -> Terms:
        """Return the terms that are offered."""
        return Terms(
            None if self.for_s is None else timedelta(seconds=self.for_s),
            Scope(frozenset(self.verbs), frozenset(self.resources), self.read_only),
            Budget(**self.budget.model_dump()),
        )


class AcceptBody(Body):
    """Which offer is taken; null where there is only one."""

    offer: Identity | None = None


class CommentBody(Body):
    """What somebody says about a request."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class DelegateBody(Body):
    """Whom the caller's place in a group is given to. for_s: seconds that it lasts."""

    group: Name
    to: Name
    for_s: Seconds
    reason: Prose = ""

    @property
    def lasts_for(self) -> timedelta:
        """Return how long it shall last."""
        return timedelta(seconds=self.for_s)


class AwayBody(Body):
    """Until when the caller is away."""

    until: AwareDatetime
