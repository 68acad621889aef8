"""Laws of counter-offers: what comes of an offer is within what was asked, whatever is offered."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.faults import ConflictFault
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.resource import Resource
from assent.core.scope import AMOUNTS, Budget, Scope, Terms
from assent.workflow.narrowing import budget_text, is_within, narrow, terms_of

VERBS = st.frozensets(st.sampled_from(("sql.read", "sql.insert", "sql.delete")), max_size=3)
RESOURCES = st.frozensets(
    st.sampled_from(("public.orders", "public.items", "sales.orders", "sales.*", "public.*")),
    max_size=4,
)
SECONDS = st.none() | st.integers(1, 10_000)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    seconds = draw(SECONDS)
    amounts = {name: draw(st.none() | st.integers(1, 20)) for name in AMOUNTS}
    return Terms(
        None if seconds is None else timedelta(seconds=seconds),
        Scope(draw(VERBS), draw(RESOURCES), draw(st.booleans())),
        Budget(**amounts),
    )


def asking(asked: Terms) -> Action:
    details = {
        "for_s": "" if asked.lasts_for is None else str(int(asked.lasts_for.total_seconds())),
        "verbs": " ".join(sorted(asked.scope.verbs)),
        "resources": " ".join(sorted(asked.scope.resources)),
        "read_only": "true" if asked.scope.read_only else "",
        "budget": budget_text(asked.budget),
    }
    touch = Touch("access.request", Operation.EXECUTE, Resource("Target", "shop"))
    return Action(
        ActionId("act_1"),
        SubjectId("sub_ana"),
        Statement("access.request", (touch,), True),
        TargetId("tgt_shop"),
        details={name: value for name, value in details.items() if value},
        salt="salt",
    )


def offered(action: Action, terms: Terms) -> Action | None:
    try:
        return narrow(action, terms)
    except ConflictFault:
        return None


@given(terms(), terms())
def test_what_comes_of_an_offer_is_less_than_was_asked_and_no_more_than_was_offered(
    asked: Terms, offer: Terms
) -> None:
    action = asking(asked)
    narrowed = offered(action, offer)
    if narrowed is None:
        return
    found = terms_of(narrowed.details)
    assert is_within(found, asked)
    assert found != asked
    assert offer.lasts_for is None or found.lasts_for == offer.lasts_for
    assert found.scope.read_only >= offer.scope.read_only
    assert not offer.scope.verbs or found.scope.verbs == offer.scope.verbs
    assert not offer.scope.resources or found.scope.resources == offer.scope.resources
    for name, most in offer.budget.amounts().items():
        assert most is None or found.budget.amounts()[name] == most
    assert narrowed.digest() != action.digest()


@given(terms(), terms(), terms())
def test_an_offer_on_an_offer_is_within_the_first_question(
    asked: Terms, first: Terms, second: Terms
) -> None:
    once = offered(asking(asked), first)
    twice = offered(once, second) if once else None
    if twice is not None:
        assert is_within(terms_of(twice.details), asked)


@given(terms(), terms())
def test_what_is_beyond_the_question_is_never_offered(asked: Terms, offer: Terms) -> None:
    narrowed = offered(asking(asked), offer)
    longer = (
        asked.lasts_for is not None
        and offer.lasts_for is not None
        and offer.lasts_for > asked.lasts_for
    )
    more = any(
        limit is not None and (offer.budget.amounts()[name] or 0) > limit
        for name, limit in asked.budget.amounts().items()
    )
    verbs = bool(asked.scope.verbs) and not offer.scope.verbs <= asked.scope.verbs
    if longer or more or verbs:
        assert narrowed is None
