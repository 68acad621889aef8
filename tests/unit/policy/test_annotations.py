from datetime import timedelta

import pytest

from assent.core.decision import ApprovalRemedy, Escalation, Obligation, Quorum, ReasonRemedy
from assent.core.faults import OperatorFault
from assent.policy.annotations import Annotations
from assent.policy.fragments import split
from assent.policy.rule import Effect


def annotations(effect: Effect, **values: str | None) -> Annotations:
    text = "\n".join(f'@{name}("{value}")' for name, value in values.items())
    (fragment,), _ = split("a.cedar", f"{text}\n{effect} (principal, action, resource);")
    return Annotations(fragment, effect, values)


def test_a_permit_may_carry_obligations_and_a_forbid_requirements() -> None:
    annotations(Effect.PERMIT, id="a", description="d", max_duration="1h", record=None).check()
    annotations(Effect.FORBID, id="a", message="m", require="reason", hold="1h").check()


@pytest.mark.parametrize("name", ["masks", "Id", "advice", "require_"])
def test_an_unknown_annotation_is_named_with_those_that_are_known(name: str) -> None:
    with pytest.raises(OperatorFault, match=f"a.cedar:2: unknown annotation `@{name}`.*`@record`"):
        annotations(Effect.PERMIT, id="a", **{name: "x"}).check()


def test_a_text_that_is_too_long_for_people_is_refused() -> None:
    with pytest.raises(OperatorFault, match="1 to 1000"):
        annotations(Effect.FORBID, message="x" * 1001).text("message")


def test_what_is_not_there_is_empty() -> None:
    bare = annotations(Effect.FORBID, id="a")
    assert (bare.id(), bare.text("message"), bare.duration("hold")) == ("a", "", None)
    assert (bare.remedies(None), bare.obligations("a")) == ((), ())


def test_a_duration_is_read() -> None:
    assert annotations(Effect.FORBID, hold="2h").duration("hold") == timedelta(hours=2)


def permit(**values: str | None) -> Annotations:
    return annotations(Effect.PERMIT, id="p", **values)


def found(**values: str | None) -> list[tuple[str, str]]:
    loaded = permit(**values)
    loaded.check()
    obligations = loaded.obligations("p", frozenset({"dba"}))
    assert {one.policy for one in obligations} <= {"p"}
    return [(one.name, one.value) for one in obligations]


def test_each_thing_that_is_masked_is_an_obligation_and_tests_are_refused_unless_said() -> None:
    assert found(mask="pii.email: partial, secret") == [
        ("mask", "pii.email: partial"),
        ("mask", "secret: redact"),
        ("mask_inference", "refuse"),
    ]
    assert ("mask_inference", "allow") in found(mask="pii", mask_inference="allow")


def test_a_limit_brings_along_who_must_assent_to_more() -> None:
    assert found(max_rows="1000") == [("max_rows", "1000"), ("more", "approve: 1 of owners")]
    assert found(max_bytes="10MiB", more="reason; approve: 2 of dba") == [
        ("max_bytes", "10MiB"),
        ("more", "reason; approve: 2 of dba"),
    ]


def test_the_bare_ones_and_the_timeout_are_obligations() -> None:
    values = {"read_only": None, "record_results": None, "searchable_text": None, "record": ""}
    values |= {"statement_timeout": "30s"}
    assert found(**values) == [
        ("read_only", ""),
        ("record", ""),
        ("record_results", ""),
        ("searchable_text", ""),
        ("statement_timeout", "30s"),
    ]


def test_a_permit_without_any_has_no_obligations() -> None:
    assert permit().obligations("p") == ()
    assert permit(decide="each").obligations("p") == (Obligation("decide_each", "", "p"),)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mask", "pii: blur", "`@mask`: `blur` is no way to mask; there are `partial`"),
        ("mask", None, "`@mask`: .* write a label or a column's full name"),
        ("max_rows", "many", "`@max_rows`: `many` is not a count"),
        ("max_bytes", "10 MB", "`@max_bytes`: `10 MB` is not a size"),
        ("statement_timeout", "30", "`@statement_timeout`: `30` is not a duration"),
        ("read_only", "yes", "`@read_only` takes no value"),
        ("watched_by", "dba!", "`@watched_by`: `dba!` is not the name of a group"),
        ("watched_by", "manager", "`@watched_by`: `manager` names one person, who may be away"),
        ("watched_by", None, "`@watched_by`: `` is not the name of a group"),
        ("record_results", "all", "`@record_results` takes no value"),
        ("decide", "some", '`@decide` can only be "each"'),
    ],
)
def test_a_value_that_says_nothing_is_refused_with_its_place(
    name: str, value: str | None, words: str
) -> None:
    with pytest.raises(OperatorFault, match=f": a.cedar:2: {words}"):
        found(**{name: value})


def test_whether_masked_columns_may_be_tested_is_one_of_two_words() -> None:
    with pytest.raises(OperatorFault, match=r'a.cedar:3: .* can only be "refuse" or "allow"'):
        found(mask="pii", mask_inference="maybe")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            "approve: 1 of dbas",
            "`@more`: there is no group `dbas`; there are `dba`, `manager`, `owners`",
        ),
        ("ticket", "`@more`: `ticket` cannot be given"),
        ("nothing", "`@more`: `nothing` is not a requirement"),
        (None, "`@more`: "),
    ],
)
def test_who_must_assent_to_more_is_checked_like_a_requirement(
    more: str | None, words: str
) -> None:
    with pytest.raises(OperatorFault, match=f": a.cedar:3: {words}") as caught:
        found(max_rows="5", more=more)
    assert caught.value.code == "policy-requirement"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mask_inference", "allow", "without `@mask` nothing is"),
        ("more", "reason", "without `@max_rows` or `@max_bytes` all may pass"),
    ],
)
def test_what_says_something_about_nothing_is_refused(name: str, value: str, words: str) -> None:
    with pytest.raises(OperatorFault, match=words):
        permit(**{name: value}).check()


def test_who_watches_are_groups_that_exist_and_bind_openings_alone() -> None:
    assert found(watched_by="dba|owners") == [("watched_by", "dba|owners")]
    with pytest.raises(OperatorFault, match="`@watched_by`: there is no group `dbas`; there are"):
        found(watched_by="dbas")
    permit(watched_by="dba").check_verbs(frozenset({"session.open"}))
    for verbs in (None, frozenset({"sql.read"}), frozenset({"session.open", "access.request"})):
        with pytest.raises(OperatorFault, match=r"`@watched_by` binds a session, .*session.open"):
            permit(watched_by="dba").check_verbs(verbs)


@pytest.mark.parametrize("name", ["mask", "max_rows", "read_only", "record_results", "more"])
def test_obligations_are_for_permits_alone(name: str) -> None:
    with pytest.raises(OperatorFault, match=f"`@{name}` is for a permit, and this is a forbid"):
        annotations(Effect.FORBID, id="a", **{name: "x"}).check()


def test_a_budget_and_a_review_bind_the_grant_and_are_written_in_one_way() -> None:
    assert found(budget="rows 1000, writes 5", review="24h: dba") == [
        ("budget", "writes 5, rows 1000"),
        ("review", "1d: dba"),
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"budget": "all"}, "`@budget`: `all` is not a budget"),
        ({"review": "security"}, "`@review`: `security` is not a review"),
        ({"review": "1d: securitee"}, "`@review`: there is no group `securitee`"),
    ],
)
def test_what_binds_a_grant_is_checked(values: dict[str, str], words: str) -> None:
    with pytest.raises(OperatorFault, match=words):
        found(**values)


def test_what_binds_a_grant_stands_only_where_one_is_asked_for() -> None:
    loaded = permit(budget="writes 5")
    loaded.check_verbs(frozenset({"access.request"}))
    for named in (None, frozenset({"sql.read"}), frozenset({"access.request", "sql.read"})):
        with pytest.raises(OperatorFault, match="`@budget` binds a grant"):
            loaded.check_verbs(named)


def guard(**values: str | None) -> Annotations:
    loaded = annotations(Effect.FORBID, id="f", **values)
    loaded.check()
    return loaded


def test_who_else_may_assent_after_a_while_is_in_the_remedy() -> None:
    loaded = guard(require="reason; approve: 1 of dba", escalate="10m: security")
    assert loaded.remedies(None) == (
        ReasonRemedy(),
        ApprovalRemedy(
            ((Quorum(1, "dba"),),), escalations=(Escalation(timedelta(minutes=10), "security"),)
        ),
    )


@pytest.mark.parametrize(
    ("require", "escalate", "words"),
    [
        ("reason", "10m: security", "`@require` asks nobody"),
        ("approve: 1 of dba", "security", "`@escalate`: `security` is not an escalation"),
        ("approve: 1 of dba", "10m: securitee", "`@escalate`: there is no group `securitee`"),
    ],
)
def test_an_escalation_is_checked(require: str, escalate: str, words: str) -> None:
    with pytest.raises(OperatorFault, match=words):
        guard(require=require, escalate=escalate).remedies(frozenset({"dba", "security"}))


def test_without_a_requirement_nothing_escalates() -> None:
    with pytest.raises(OperatorFault, match="without `@require` nobody is asked"):
        guard(escalate="10m: security")


def test_a_forbid_narrows_to_reading_or_denies_and_never_both() -> None:
    assert guard(downgrade="read_only").downgrade() == "read_only"
    assert guard().downgrade() == ""
    with pytest.raises(OperatorFault, match="can only be"):
        guard(downgrade="record").downgrade()
    with pytest.raises(OperatorFault, match="`@require` is in vain"):
        guard(downgrade="read_only", require="reason")
