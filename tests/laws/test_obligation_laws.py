"""What holds for any obligations: together they only bind more, and no mask is walked round."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.control.obligations import enforcement_of, keep
from assent.core.action import Action
from assent.core.decision import Deny, Obligation, Permit
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.flows import Flows
from assent.core.secret import Secret
from assent.policy.mask_entries import strictness
from assent.policy.obliging import merged
from policy_builders import SHOP, action, evidence, touch

COLUMNS = ("email", "ssn", "note", "id")
FULL = tuple(f"public.customers.{column}" for column in COLUMNS)
LABELS = ("pii", "pii.email", "pci", "secret")
WHATS = (*LABELS, *FULL)
KEY = Secret(b"k" * 32)

policies = st.sampled_from(("a", "b", "c"))


def valued(name: str, *values: str) -> st.SearchStrategy[Obligation]:
    return st.builds(Obligation, st.just(name), st.sampled_from(values), policies)


masks = st.builds(
    lambda what, how, policy: Obligation("mask", f"{what}: {how}", policy),
    st.sampled_from(WHATS),
    st.sampled_from(MaskHow),
    policies,
)
obligations = st.lists(
    st.one_of(
        masks,
        valued("mask_inference", "refuse", "allow"),
        valued("max_rows", "1", "10", "1000"),
        valued("max_bytes", "1000", "1kB", "1KiB", "10MiB"),
        valued("more", "reason", "approve: 1 of dba", "approve: 2 of dba"),
        valued("statement_timeout", "60s", "1m", "2h"),
        valued("max_duration", "90m", "2h"),
        valued("read_only", ""),
        valued("record_results", ""),
    ),
    max_size=8,
).map(tuple)
columns = st.frozensets(st.sampled_from((*FULL, "public.customers.*", "public.orders.id")))


@st.composite
def labelled(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    names = st.sampled_from((*FULL, "public.customers", "public"))
    return draw(st.dictionaries(names, st.frozensets(st.sampled_from(LABELS)), max_size=4))


# Mostly nothing, so that each of them is often the only one that something masked is in.
few = st.one_of(st.just(frozenset[str]()), columns)
flows = st.builds(Flows, st.one_of(st.none(), st.lists(few, max_size=3).map(tuple)), few, few, few)
touched = st.sampled_from(
    [
        touch("sql.read", "public.customers", "email", "id"),
        touch("sql.read", "public.customers", "*"),
        touch("sql.read", "public.orders", "id"),
        touch("sql.update", "public.customers", "note"),
        replace(touch("sql.read", "public.customers", "ssn"), through="function public.f"),
        replace(touch("sql.read", "public.customers", "*"), through="view public.v"),
    ]
)


@st.composite
def doing(draw: st.DrawFn) -> Action:
    plain = action(*draw(st.lists(touched, min_size=1, max_size=3, unique=True)))
    statement = replace(
        plain.statement,
        flows=draw(st.one_of(st.none(), flows)),
        complete=draw(st.sampled_from([True, True, True, False])),
        executes=draw(st.sampled_from([frozenset(), frozenset({"p"})])),
    )
    return replace(plain, statement=statement)


def permit(some: tuple[Obligation, ...]) -> Permit:
    return Permit("rev", ("a", "b", "c"), merged(some))


@given(obligations, obligations, obligations)
def test_merging_has_no_order_no_grouping_and_no_number(
    one: tuple[Obligation, ...], two: tuple[Obligation, ...], three: tuple[Obligation, ...]
) -> None:
    both = merged((*one, *two))
    assert both == merged((*two, *one))
    assert merged((*both, *three)) == merged((*one, *merged((*two, *three))))
    assert merged((*both, *both)) == both


def enforced(
    some: tuple[Obligation, ...], labels: dict[str, frozenset[str]]
) -> tuple[Enforcement, frozenset[str]]:
    facts = replace(evidence(), target=replace(SHOP, labels=labels))
    what = action(touch("sql.read", "public.customers", "*"))
    found = enforcement_of(permit(some), what, facts, KEY) or Enforcement()
    return found, frozenset((item.name) for item in merged(some))


@given(obligations, obligations, labelled())
def test_together_permits_are_never_looser_than_any_of_them(
    one: tuple[Obligation, ...], two: tuple[Obligation, ...], labels: dict[str, frozenset[str]]
) -> None:
    both, names = enforced((*one, *two), labels)
    for part in (one, two):
        alone, fewer = enforced(part, labels)
        assert fewer <= names
        for column in (*FULL, "public.customers.*"):
            how = alone.masks.get(column)
            together = both.masks.get(column)
            assert how is None or (together is not None and strictness(together) >= strictness(how))
        most = {limit.name: limit.most for limit in both.limits}
        assert all(most[limit.name] <= limit.most for limit in alone.limits)
        forever = timedelta.max
        assert (both.timeout or forever) <= (alone.timeout or forever)
        assert both.record_results >= alone.record_results
        said = {item.value for item in merged(part) if item.name == "more"}
        assert said <= {item.value for item in merged((*one, *two)) if item.name == "more"}


@settings(max_examples=200)
@given(obligations, labelled(), doing())
def test_keeping_obligations_never_turns_a_deny_into_a_permit_nor_changes_a_permit(
    some: tuple[Obligation, ...], labels: dict[str, frozenset[str]], what: Action
) -> None:
    facts = replace(evidence(), target=replace(SHOP, labels=labels))
    denial = Deny("rev", "forbidden", ("no",))
    assert keep(denial, what, facts) is denial
    permitted = permit(some)
    decision = keep(permitted, what, facts)
    assert decision is permitted or isinstance(decision, Deny)


@settings(max_examples=400)
@given(st.sampled_from(["refuse", "allow"]), obligations, labelled(), doing())
def test_nothing_permitted_stores_what_is_masked_or_tests_it_where_that_is_refused(
    inference: str,
    some: tuple[Obligation, ...],
    labels: dict[str, frozenset[str]],
    what: Action,
) -> None:
    labels["public.customers.email"] = frozenset({"pii.email"})
    facts = replace(evidence(), target=replace(SHOP, labels=labels))
    always = (Obligation("mask", "pii", "a"), Obligation("mask_inference", inference, "a"))
    permitted = permit((*some, *always))
    if isinstance(keep(permitted, what, facts), Deny):
        return
    refuses = Obligation("mask_inference", "allow", "a") not in permitted.obligations
    masked = (enforcement_of(permitted, what, facts, KEY) or Enforcement()).masks
    assert what.statement.complete
    known = what.statement.flows
    if known is not None and not what.statement.executes:
        closed = known.stored | known.tested if refuses else known.stored
    elif refuses or any(one.verb != "sql.read" for one in what.touches):
        closed = frozenset(
            f"{one.resource.name}.{column}"
            for one in what.touches
            if one.verb == "sql.read"
            for column in one.columns
        )
    else:
        closed = frozenset()
    assert [column for column in closed if column in masked] == []
