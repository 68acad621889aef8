"""What permits oblige to: kept, or denied with what to do instead."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.obligations import (
    derived_mask_key,
    enforcement_of,
    keep,
    obliged,
    reads_masked,
    session_wide,
    settings_of,
)
from assent.core.action import Action, Statement, Touch
from assent.core.decision import Decision, Deny, Obligation, Permit
from assent.core.enforcement import Limit, MaskHow
from assent.core.flows import Flows
from assent.core.ids import TargetId
from assent.core.secret import Secret
from policy_builders import SHOP, action, evidence, touch

EMAIL = "public.customers.email"
ID = "public.customers.id"
FACTS = replace(evidence(), target=replace(SHOP, labels={EMAIL: frozenset({"pii.email"})}))
KEY = Secret(b"k" * 32)
READ = touch("sql.read", "public.customers", "id", "email")
PLAIN = Flows(outputs=(frozenset({EMAIL}),), read=frozenset({EMAIL}))


def permit(**obligations: str) -> Permit:
    return Permit(
        "rev", ("p",), tuple(Obligation(name, value, "p") for name, value in obligations.items())
    )


MASKED = permit(mask="pii: hash", mask_inference="refuse")
TESTABLE = permit(mask="pii: hash", mask_inference="allow")


def doing(*touches: Touch, flows: Flows | None = None, **changes: object) -> Action:
    plain = action(*touches)
    statement = replace(plain.statement, flows=flows, **changes)  # type: ignore[arg-type]
    return replace(plain, statement=statement)


def kept(permitted: Permit, what: Action) -> Decision:
    return keep(permitted, what, FACTS)


def refused(permitted: Permit, what: Action) -> str:
    decision = kept(permitted, what)
    assert isinstance(decision, Deny), decision
    assert (decision.code, decision.denied_by, decision.remedies) == ("obligation", ("p",), ())
    return decision.messages[0]


def test_what_a_mask_can_follow_is_permitted() -> None:
    assert kept(MASKED, doing(READ, flows=PLAIN)) is MASKED
    assert kept(MASKED, doing(READ, flows=replace(PLAIN, outputs=None))) is MASKED
    assert kept(MASKED, doing(READ, flows=Flows(tested=frozenset({ID})))) is MASKED


def test_a_denial_stays_the_denial_that_it_is() -> None:
    denial = Deny("rev", "no-permit", ("no",))
    assert keep(denial, doing(READ, flows=PLAIN), FACTS) is denial


def test_a_masked_column_is_not_copied_even_where_it_may_be_tested() -> None:
    copying = doing(READ, touch("sql.create", "public.mine"), flows=Flows(stored=PLAIN.read))
    for permitted in (MASKED, TESTABLE):
        assert refused(permitted, copying) == (
            f"`{EMAIL}` is masked for you, so it cannot be copied to where it can be read"
        )


def test_a_masked_column_decides_nothing_unless_a_policy_allows_it() -> None:
    testing = doing(READ, flows=Flows(read=frozenset({EMAIL, ID}), tested=frozenset({EMAIL})))
    words = refused(MASKED, testing)
    assert words.startswith(f"`{EMAIL}` is masked for you, so it cannot decide which rows")
    assert "leave it out of WHERE" in words
    assert kept(TESTABLE, testing) is TESTABLE


def test_a_test_of_every_column_is_one_of_the_masked() -> None:
    assert "cannot decide" in refused(
        MASKED, doing(READ, flows=Flows(tested=frozenset({"public.customers.*"})))
    )


def test_what_was_not_understood_is_refused_under_any_mask() -> None:
    unknown = doing(touch("sql.unknown", "f", kind="Function"), complete=False)
    for permitted in (MASKED, TESTABLE):
        assert "not all of it was understood" in refused(permitted, unknown)


def test_where_values_go_is_not_asked_when_nothing_masked_is_read() -> None:
    for touches in ([touch("sql.read", "public.orders", "*")], [touch("sql.session", "session")]):
        assert kept(MASKED, doing(*touches)) is MASKED
    written = doing(touch("sql.insert", "public.customers", "email"))
    assert kept(MASKED, written) is MASKED


def test_what_reads_a_masked_column_on_an_unknown_way_is_refused() -> None:
    assert "cannot be told whether this tests it" in refused(MASKED, doing(READ))
    assert kept(TESTABLE, doing(READ)) is TESTABLE
    writing = doing(READ, touch("sql.update", "public.orders", "note"))
    assert "cannot be told whether this copies it" in refused(TESTABLE, writing)
    everything = doing(touch("sql.read", "public.customers", "*"))
    assert "cannot be told" in refused(MASKED, everything)


def test_what_an_execute_runs_is_not_known_by_its_own_reading() -> None:
    execute = doing(READ, flows=Flows(outputs=None), executes=frozenset({"p"}))
    assert "cannot be told" in refused(MASKED, execute)


def test_what_hidden_text_reads_counts_though_no_flow_shows_it() -> None:
    hidden = replace(READ, through="function public.f")
    assert "cannot be told" in refused(MASKED, doing(hidden, flows=Flows()))
    assert kept(MASKED, doing(hidden, flows=PLAIN)) is MASKED


def test_what_a_trigger_or_a_view_does_is_its_owners_doing() -> None:
    for through in ("trigger log on public.orders", "rule r on public.orders"):
        written = touch("sql.insert", "public.orders", "id")
        assert kept(MASKED, doing(written, replace(READ, through=through))) is MASKED
    viewed = doing(replace(READ, through="view public.v"), flows=PLAIN)
    assert kept(MASKED, viewed) is MASKED


@pytest.mark.parametrize("function", ["set_config", "pg_notify", "pg_try_advisory_lock"])
def test_no_function_carries_a_masked_value_elsewhere(function: str) -> None:
    carried = doing(READ, flows=PLAIN, functions=frozenset({"now", function}))
    assert f"`{function}` could carry its value" in refused(MASKED, carried)
    harmless = doing(READ, flows=Flows(), functions=frozenset({function}))
    assert kept(MASKED, harmless) is MASKED


@pytest.mark.parametrize("name", ["pg_stats", "pg_statistic", "pg_stats_ext_exprs"])
def test_the_servers_samples_of_values_are_not_read_under_a_mask(name: str) -> None:
    samples = doing(touch("sql.read", f"pg_catalog.{name}", "*"), flows=Flows())
    assert "statistics hold values" in refused(MASKED, samples)
    assert kept(permit(max_rows="5"), samples) == permit(max_rows="5")


def test_where_only_reading_is_permitted_nothing_else_is_done() -> None:
    only = permit(read_only="")
    assert refused(only, doing(READ, touch("sql.delete"))) == (
        "`sql.delete` on Table `public.orders` is more than reading, and you may only read here"
    )
    assert kept(only, doing(READ)) is only
    assert kept(only, doing(touch("session.open", "shop", kind="Target"))) is only


def test_many_masked_columns_are_named_in_few_words() -> None:
    labels = {f"public.t.c{n}": frozenset({"pii"}) for n in range(9)}
    facts = replace(FACTS, target=replace(SHOP, labels=labels))
    denied = keep(MASKED, doing(READ, flows=Flows(tested=frozenset(labels))), facts)
    assert isinstance(denied, Deny)
    assert "`public.t.c4` and 4 more are masked for you" in denied.messages[0]


def enforced(permitted: Permit, within: str = "") -> Mapping[str, object]:
    found = enforcement_of(permitted, doing(READ, flows=PLAIN), FACTS, KEY, within)
    assert found is not None
    return {name: getattr(found, name) for name in found.__slots__}


def test_nothing_is_done_where_nothing_is_obliged_to() -> None:
    assert enforcement_of(permit(record=""), doing(READ), FACTS, KEY) is None
    assert enforcement_of(permit(mask="secret: null"), doing(READ), FACTS, KEY) is None


def test_an_enforcement_says_what_is_masked_scanned_limited_timed_and_recorded() -> None:
    found = enforced(
        permit(
            mask="pii: hash",
            max_rows="1000",
            max_bytes="1kB",
            more="reason",
            statement_timeout="30s",
            record_results="",
        )
    )
    masks = found["masks"]
    assert isinstance(masks, Mapping)
    assert masks[EMAIL] is MaskHow.HASH
    assert found["limits"] == (Limit("max_rows", 1000, "p"), Limit("max_bytes", 1000, "p"))
    assert found["timeout"] == timedelta(seconds=30)
    assert found["record_results"] is True
    scan = found["scan"]
    assert isinstance(scan, Mapping)
    assert scan["pii.email"] is MaskHow.HASH
    assert "pci.card" not in scan


def test_hashes_of_two_targets_cannot_be_compared() -> None:
    keys = set()
    for target in ("tgt_a", "tgt_a", "tgt_b"):
        what = replace(doing(READ, flows=PLAIN), target=TargetId(target))
        found = enforcement_of(MASKED, what, FACTS, KEY)
        assert found is not None
        keys.add(found.key.reveal())
    assert len(keys) == 2
    assert derived_mask_key(KEY).reveal() not in {KEY.reveal(), *keys}


def test_in_another_database_columns_are_named_as_it_names_them() -> None:
    labels = {f"archive.{EMAIL}": frozenset({"pii"})}
    facts = replace(FACTS, target=replace(SHOP, labels=labels, databases=("archive",)))
    found = enforcement_of(MASKED, doing(READ), facts, KEY, "archive.")
    assert found is not None
    assert EMAIL in found.masks


def test_what_may_read_something_masked_is_decided_each_time() -> None:
    assert reads_masked(MASKED, doing(READ, flows=PLAIN), FACTS)
    assert reads_masked(MASKED, doing(READ), FACTS)
    assert reads_masked(MASKED, doing(touch("sql.session", "session"), cursor="c"), FACTS)
    assert not reads_masked(MASKED, doing(READ, flows=Flows(read=frozenset({ID}))), FACTS)
    assert not reads_masked(permit(max_rows="5"), doing(READ, flows=PLAIN), FACTS)


def test_the_target_is_told_what_a_session_is_bound_to() -> None:
    assert settings_of(permit(read_only="", statement_timeout="2m")) == {
        "default_transaction_read_only": "on",
        "statement_timeout": "120000",
    }
    assert settings_of(permit(record="")) == {}


def test_what_an_opening_obliges_to_binds_what_follows() -> None:
    opening = permit(read_only="", record="", max_duration="1h", statement_timeout="30s")
    bound = obliged(permit(statement_timeout="1m"), session_wide(opening))
    assert isinstance(bound, Permit)
    assert {item.name: item.value for item in bound.obligations} == {
        "read_only": "",
        "statement_timeout": "30s",
    }
    denial = Deny("rev", "no-permit", ())
    assert obliged(denial, session_wide(opening)) is denial
    assert obliged(MASKED, ()) is MASKED


def test_a_statement_without_touches_of_tables_is_not_looked_at_for_masks() -> None:
    opening = Statement(
        "session.open", (touch("session.open", "shop", kind="Target"),), complete=True
    )
    what = replace(action(READ), statement=opening)
    assert kept(MASKED, what) is MASKED
