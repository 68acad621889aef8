"""The policies that the demo ships with: what they let ana do, and what they ask for."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

from assent.core.action import Action, Touch
from assent.core.decision import ApprovalRemedy, Deny, Obligation, Permit, Quorum, StepUpRemedy
from assent.core.evidence import Evidence
from assent.core.grant import Grant
from assent.core.ids import GrantId, SubjectId
from assent.core.subject import Subject
from assent.policy import PolicySet, load
from policy_builders import ANA, BEN, CARL, NOW, SHOP, SQL, action, decide, evidence, touch

GROUPS = frozenset({"engineers", "dba", "security", "analysts"})
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))
ONE_OF_SECURITY = ApprovalRemedy(((Quorum(1, "security"),),))
NORA = Subject(SubjectId("sub_nora"), "nora", groups=frozenset({"analysts"}))
OPEN = touch("session.open", "shop", kind="Target")
ASK = touch("access.request", "shop", kind="Target")


def demo_policies() -> PolicySet:
    folder = files("assent.demo") / "policies"
    sources = {
        file.name: file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".cedar")
    }
    return load(sources, [SQL], GROUPS)


DEMO = demo_policies()


def doing(subject: Subject, *touches: Touch, has_where: bool = True) -> tuple[Action, Evidence]:
    what = action(*touches, subject=subject, has_where=has_where)
    return what, evidence(subject=subject)


def with_grant(subject: Subject) -> Evidence:
    ends_at = NOW + timedelta(minutes=30)
    grant = Grant(GrantId("grt_1"), subject.id, SHOP.id, NOW, ends_at)
    return replace(evidence(subject=subject), grants=(grant,))


def test_engineers_and_dbas_get_half_an_hour_at_once_and_others_do_not() -> None:
    for subject in (ANA, BEN):
        permit = decide(DEMO, *doing(subject, ASK))
        assert isinstance(permit, Permit)
        assert [one.value for one in permit.obligations] == ["30m"]
    assert isinstance(decide(DEMO, *doing(CARL, ASK)), Deny)


def test_a_session_opens_only_on_a_grant_and_is_recorded() -> None:
    what = action(OPEN)
    permit = decide(DEMO, what, with_grant(ANA))
    assert isinstance(permit, Permit)
    assert Obligation("record", "", "shop.open") in permit.obligations
    denied = decide(DEMO, what)
    assert isinstance(denied, Deny)
    assert denied.denied_by == ("shop.grant-needed",)


def test_an_engineer_reads_one_order_at_once_and_the_decision_may_be_reused() -> None:
    permit = decide(DEMO, *doing(ANA, touch("sql.read", "public.orders", "id", "total")), 24)
    assert isinstance(permit, Permit)
    assert permit.obligations == ()


def test_a_delete_without_where_needs_exactly_one_dba() -> None:
    what, facts = doing(ANA, touch("sql.delete"), has_where=False)
    for score in (60, 89):
        denied = decide(DEMO, what, facts, score)
        assert isinstance(denied, Deny)
        assert (denied.denied_by, denied.remedies) == (("guard.without-where",), (ONE_DBA,))
        assert isinstance(decide(DEMO, what, evidence(what, BEN), score), Permit)


def test_at_severe_risk_somebody_of_security_is_needed_too() -> None:
    what, facts = doing(ANA, touch("sql.delete"), has_where=False)
    denied = decide(DEMO, what, facts, 90)
    assert isinstance(denied, Deny)
    assert denied.remedies == (ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "security")),)),)


def test_card_data_needs_security_also_where_everything_is_read() -> None:
    for columns in ("card_number", "*"):
        denied = decide(DEMO, *doing(ANA, touch("sql.read", "public.customers", columns)))
        assert isinstance(denied, Deny)
        assert denied.remedies == (ONE_OF_SECURITY,)
    assert isinstance(
        decide(DEMO, *doing(ANA, touch("sql.read", "public.customers", "email"))), Permit
    )


def test_engineers_do_not_administer_and_nobody_impersonates() -> None:
    for verb in ("sql.create", "sql.truncate", "sql.grant", "sql.unknown"):
        assert isinstance(decide(DEMO, *doing(ANA, touch(verb))), Deny)
    for verb in ("sql.impersonate", "sql.program"):
        denied = decide(DEMO, *doing(BEN, touch(verb)))
        assert isinstance(denied, Deny)
        assert denied.code == "no-permit"


def test_a_dba_administers_and_confirms_the_password_where_it_is_risky() -> None:
    what, facts = doing(BEN, touch("sql.create"))
    permit = decide(DEMO, what, facts, 20)
    assert isinstance(permit, Permit)
    assert permit.obligations == (Obligation("decide_each", "", "statement.administer"),)
    denied = decide(DEMO, what, facts, 40)
    assert isinstance(denied, Deny)
    assert denied.remedies == (StepUpRemedy(timedelta(minutes=15)),)


def test_what_is_not_understood_needs_security_to_look_at_it() -> None:
    denied = decide(DEMO, *doing(BEN, touch("sql.unknown", "f", kind="Function")))
    assert isinstance(denied, Deny)
    assert denied.remedies == (ONE_OF_SECURITY,)


def test_an_analyst_reads_what_is_masked_and_no_more_than_a_thousand_rows_at_once() -> None:
    columns = ("id", "email", "card_number")
    permit = decide(DEMO, *doing(NORA, touch("sql.read", "public.customers", *columns)))
    assert isinstance(permit, Permit)
    obliged = {(one.name, one.value) for one in permit.obligations}
    assert ("mask", "pii.email: partial") in obliged
    assert ("mask", "pci.card: redact") in obliged
    assert ("max_rows", "1000") in obliged
    assert any(name == "read_only" for name, _ in obliged)


def test_an_analyst_writes_nothing_and_another_group_takes_no_mask_away() -> None:
    for verb in ("sql.insert", "sql.update", "sql.delete", "sql.create", "sql.unknown"):
        denied = decide(DEMO, *doing(NORA, touch(verb)))
        assert isinstance(denied, Deny)
        assert denied.code == "no-permit"
    both = replace(NORA, groups=frozenset({"analysts", "engineers"}))
    permit = decide(DEMO, *doing(both, touch("sql.read", "public.customers", "card_number")))
    assert isinstance(permit, Permit)
    assert "pci.card: redact" in {one.value for one in permit.obligations}
    held = decide(DEMO, *doing(both, touch("sql.update", "public.customers", "card_number")))
    assert isinstance(held, Deny)
