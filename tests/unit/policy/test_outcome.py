from dataclasses import replace
from datetime import timedelta

from assent.core.action import Touch
from assent.core.decision import (
    ApprovalRemedy,
    Deny,
    Obligation,
    Permit,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
)
from policy_builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    SHOP,
    action,
    decide,
    evidence,
    person,
    policies,
    touch,
)

ALL = '@id("all") permit (principal, action, resource);\n'
READ = action(touch("sql.read"))
BOTH = action(touch("sql.read"), touch("sql.delete"))


def forbid(id: str, require: str = "", verb: str = "", extra: str = "") -> str:
    required = f'@require("{require}")' if require else ""
    head = f'action == Action::"{verb}"' if verb else "action"
    return f'@id("{id}") {required} {extra} forbid (principal, {head}, resource);\n'


def test_a_forbid_without_a_requirement_is_final_and_its_message_is_told() -> None:
    denied = decide(policies(ALL, forbid("f", extra='@message("never")')), READ)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.denied_by, denied.messages) == ("forbidden", ("f",), ("never",))
    assert denied.remedies == ()


def test_a_final_forbid_asks_nobody_even_where_others_could_be_lifted() -> None:
    denied = decide(policies(ALL, forbid("f"), forbid("g", "reason")), READ)
    assert isinstance(denied, Deny)
    assert (denied.denied_by, denied.remedies) == (("f",), ())
    assert denied.messages == ("policy `f` forbids it",)


def test_without_a_permit_nobody_is_asked_for_what_would_not_help() -> None:
    denied = decide(policies(forbid("g", "approve: 1 of dba")), READ)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.remedies) == ("no-permit", ())


def test_many_touches_without_a_permit_are_told_in_few_lines() -> None:
    many = action(*(touch("sql.read", f"public.t{n}") for n in range(9)))
    denied = decide(policies(), many)
    assert isinstance(denied, Deny)
    assert len(denied.messages) == 6
    assert denied.messages[-1] == "and 4 more touches are not permitted"


def test_all_demands_of_all_touches_are_merged_and_told_at_once() -> None:
    loaded = policies(
        ALL,
        forbid("a", "reason; approve: 1 of dba", "sql.read"),
        forbid("b", "step-up: 1h; approve: 2 of dba > 1 of security", "sql.delete"),
        forbid("c", "step-up: 5m", extra='@message("confirm")'),
    )
    denied = decide(loaded, BOTH)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.denied_by) == ("remedy-needed", ("a", "b", "c"))
    assert denied.remedies == (
        ReasonRemedy(),
        StepUpRemedy(timedelta(minutes=5)),
        ApprovalRemedy(((Quorum(2, "dba"),), (Quorum(1, "security"),))),
    )
    assert denied.messages[0] == "policy `a` asks for: say why; assent of 1 of dba"
    assert denied.messages[2] == "confirm"


def test_demands_that_are_met_let_the_permit_stand() -> None:
    loaded = policies(ALL, forbid("a", "reason; approve: 2 of dba"))
    assert isinstance(decide(loaded, READ, evidence(READ, BEN, reason="why")), Deny)
    assert isinstance(decide(loaded, READ, evidence(READ, BEN, DORA)), Deny)
    assert isinstance(decide(loaded, READ, evidence(READ, BEN, DORA, reason="why")), Permit)


def test_demands_of_two_policies_add_up_to_two_people() -> None:
    loaded = policies(ALL, forbid("a", "approve: 1 of dba"), forbid("b", "approve: 1 of security"))
    both = person("eve", "dba", "security")
    assert isinstance(decide(loaded, READ, evidence(READ, both)), Deny)
    assert isinstance(decide(loaded, READ, evidence(READ, both, CARL)), Permit)


def test_a_part_of_the_demands_being_met_tells_all_of_them_still() -> None:
    denied = decide(policies(ALL, forbid("a", "reason; ticket")), READ, evidence(reason="why"))
    assert isinstance(denied, Deny)
    assert len(denied.remedies) == 2


def test_owners_are_those_of_the_target() -> None:
    loaded = policies(ALL, forbid("o", "approve: 1 of owners"))
    denied = decide(loaded, READ)
    assert isinstance(denied, Deny)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, "dba|platform"),),)),)
    assert denied.messages == ("policy `o` asks for: assent of 1 of dba or platform",)
    assert isinstance(decide(loaded, READ, evidence(READ, person("pat", "platform"))), Permit)


def test_asking_the_owners_of_a_target_without_owners_is_final() -> None:
    loaded = policies(ALL, forbid("o", "approve: 1 of owners"))
    orphan = replace(evidence(), target=replace(SHOP, owners=frozenset()))
    denied = decide(loaded, READ, orphan)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.remedies) == ("forbidden", ())
    assert "owners" in denied.messages[0]


def test_an_action_may_wait_as_long_as_the_strictest_policy_lets_it() -> None:
    loaded = policies(
        ALL,
        forbid("a", "reason", extra='@hold("2h")'),
        forbid("b", "reason", extra='@hold("1h") @hold_in_transaction("5s")'),
        forbid("c", "reason"),
    )
    denied = decide(loaded, READ)
    assert isinstance(denied, Deny)
    assert denied.hold_for == timedelta(hours=1)
    assert denied.hold_in_transaction_for == timedelta(seconds=5)


def test_an_action_may_wait_a_quarter_of_an_hour_and_a_minute_in_a_transaction_by_default() -> None:
    denied = decide(policies(ALL, forbid("a", "reason")), READ)
    assert isinstance(denied, Deny)
    assert denied.hold_for == timedelta(minutes=15)
    assert denied.hold_in_transaction_for == timedelta(seconds=60)


def test_obligations_of_all_satisfied_permits_are_merged_to_the_strictest() -> None:
    loaded = policies(
        '@id("a") @max_duration("2h") permit (principal, action, resource);',
        '@id("b") @max_duration("30m") @record'
        ' permit (principal, action == Action::"sql.delete", resource);',
        '@id("c") @max_duration("1m") @decide("each")'
        ' permit (principal in Group::"dba", action, resource);',
    )
    permit = decide(loaded, BOTH)
    assert isinstance(permit, Permit)
    assert permit.permitted_by == ("a", "b")
    assert permit.obligations == (
        Obligation("max_duration", "30m", "b"),
        Obligation("record", "", "b"),
    )


ORDERS_ALONE = """
@id("orders") permit (principal, action == Action::"sql.read",
                      resource == Table::"shop/public.orders");
"""


def part(of: str, name: str) -> Touch:
    """Return a read of a part of a table, or of the whole of one."""
    return replace(touch("sql.read", name), through=f"partition of {of}", part_of=of)


def test_who_may_read_a_table_may_read_its_partitions_and_what_these_are_parts_of() -> None:
    below = part("public.orders", "public.orders_2026")
    deeper = part("public.orders_2026", "public.orders_2026_11")
    for touches in (
        (touch("sql.read"), below),
        (touch("sql.read"), below, deeper),
        (deeper, below, touch("sql.read")),
        (touch("sql.read"), part("public.orders", "public.everything")),
    ):
        assert isinstance(decide(policies(ORDERS_ALONE), action(*touches)), Permit)


def test_a_part_alone_or_done_something_else_to_needs_a_permit_of_its_own() -> None:
    below = part("public.orders", "public.orders_2026")
    for touches in (
        (below,),
        (touch("sql.read"), touch("sql.read", "public.orders_2026")),
        (touch("sql.read"), replace(below, verb="sql.delete")),
        (touch("sql.read", "public.other"), below),
    ):
        denied = decide(policies(ORDERS_ALONE), action(*touches))
        assert isinstance(denied, Deny)
        assert denied.code == "no-permit"


def test_a_part_with_a_label_that_the_table_has_not_is_not_meant_by_its_permit() -> None:
    below = part("public.orders", "public.orders_2026")
    labelled = replace(SHOP, labels={"public.orders_2026": frozenset({"secret"})})
    facts = replace(evidence(), target=labelled)
    reading = action(touch("sql.read"), below)
    denied = decide(policies(ORDERS_ALONE), reading, facts)
    assert isinstance(denied, Deny)
    assert denied.messages == ("no policy permits `sql.read` on Table `public.orders_2026`",)


def test_what_forbids_a_part_forbids_it_however_it_is_come_by() -> None:
    guard = """
    @id("old") forbid (principal, action, resource == Table::"shop/public.orders_2026");
    """
    reading = action(touch("sql.read"), part("public.orders", "public.orders_2026"))
    denied = decide(policies(ORDERS_ALONE, guard), reading)
    assert isinstance(denied, Deny)
    assert denied.code == "forbidden"


def test_owners_of_several_things_add_up() -> None:
    loaded = policies(ALL, forbid("o", "approve: 1 of owners"))
    owned = replace(SHOP, resource_owners={"public.customers": frozenset({"crm"})})
    what = action(touch("sql.read"), touch("sql.read", "public.customers"))
    denied = decide(loaded, what, replace(evidence(), target=owned))
    assert isinstance(denied, Deny)
    both = (Quorum(1, "crm"), Quorum(1, "dba|platform"))
    assert denied.remedies == (ApprovalRemedy((both,)),)


def test_only_owners_of_what_the_policy_is_about_are_asked() -> None:
    loaded = policies(ALL, forbid("o", "approve: 1 of owners", "sql.delete"))
    owned = replace(SHOP, resource_owners={"public.customers": frozenset({"crm"})})
    what = action(touch("sql.read"), touch("sql.delete", "public.customers"))
    denied = decide(loaded, what, replace(evidence(), target=owned))
    assert isinstance(denied, Deny)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, "crm"),),)),)


def test_the_manager_is_asked_and_called_that() -> None:
    loaded = policies(ALL, forbid("m", "approve: 1 of manager"))
    led = replace(ANA, reports_to=(BEN.id,))
    denied = decide(loaded, READ, evidence(subject=led))
    assert isinstance(denied, Deny)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, f"@{BEN.id}"),),)),)
    assert denied.messages == ("policy `m` asks for: assent of your manager",)
    assert isinstance(decide(loaded, READ, evidence(READ, BEN, subject=led)), Permit)


def test_asking_the_manager_of_somebody_without_one_is_final_and_says_so() -> None:
    denied = decide(policies(ALL, forbid("m", "approve: 1 of manager")), READ)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.remedies) == ("forbidden", ())
    assert "nobody is known to be" in denied.messages[0]


def test_a_forbid_that_narrows_lets_pass_and_obliges_to_read_only() -> None:
    narrowing = forbid("n", extra='@downgrade("read_only")')
    allowed = decide(policies(ALL, narrowing), READ)
    assert isinstance(allowed, Permit)
    assert allowed.obligations == (Obligation("read_only", "", "n"),)
    assert allowed.permitted_by == ("all",)


def test_a_forbid_that_narrows_permits_nothing_and_lifts_no_other() -> None:
    narrowing = forbid("n", extra='@downgrade("read_only")')
    bare = decide(policies(narrowing), READ)
    assert isinstance(bare, Deny)
    assert bare.code == "no-permit"
    guarded = decide(policies(ALL, narrowing, forbid("g", "reason")), READ)
    assert isinstance(guarded, Deny)
    assert (guarded.remedies, guarded.denied_by) == ((ReasonRemedy(),), ("g",))
