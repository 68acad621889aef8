"""What permits count must be what people answered; test_signed_approvals has the signatures."""

from hashlib import sha256
from typing import Any

import pytest

from assent_verify import canonical
from assent_verify.report import Findings, NamedEntry, Status
from assent_verify.story.approvals import Approvals, act_of
from assent_verify.story.decisions import APPROVALS, Counted
from assent_verify.story.plans import Plan, part_of, plan_of

DIGEST = "sha256:it"
PART = b"part"


def counted(**others: Any) -> Counted:
    said: dict[str, Any] = {
        "decision": NamedEntry(5, "ent_5"),
        "request": "req_1",
        "approval": "apr_1",
        "approver": "sub_ben",
        "digest": DIGEST,
        "signed": False,
        "subject": "sub_ana",
        "target": "tgt_shop",
        "part": PART,
    }
    return Counted(**{**said, **others})


def leaf(index: int, kind: str, subject: str = "sub_ben", **facts: Any) -> dict[str, Any]:
    return {
        "id": f"ent_{index}", "kind": kind, "subject": subject, "request": "req_1",
        "payload": None, "facts": {"approval": "apr_1", "digest": DIGEST, **facts},
    }  # fmt: skip


def found(one: Counted, *acts: tuple[int, dict[str, Any]], **others: Any) -> list[tuple[str, str]]:
    findings = Findings()
    approvals = Approvals(findings, **others)
    approvals.follow(act_of(index, of, None) for index, of in acts)
    approvals.check_counted([one])
    return [
        (status.value, item.text) for status in Status for item in findings.of(APPROVALS, status)
    ]


GIVEN = (1, leaf(1, "approval", verdict="approve"))
WITHDRAWN = (3, leaf(3, "approval.withdrawn"))


def test_an_assent_that_is_in_the_log_before_its_permit_is_good() -> None:
    assert found(counted(), GIVEN) == []
    assert found(counted(), (1, leaf(1, "approval", verdict="offer"))) == []


@pytest.mark.parametrize(
    ("change", "acts", "words"),
    [
        ({}, [], "which no entry before it holds"),
        ({}, [(6, GIVEN[1])], "which no entry before it holds"),
        ({"approver": "sub_dora"}, [GIVEN], "somebody else gave"),
        ({"request": "req_2"}, [GIVEN], "was given to something else"),
        ({"digest": "sha256:other"}, [GIVEN], "was given to something else"),
        ({}, [(1, leaf(1, "approval", verdict="reject"))], "is a rejection"),
        ({"signed": True}, [GIVEN], "as signed, which by"),
        ({}, [GIVEN, WITHDRAWN], "was withdrawn before, by entry 3"),
    ],
)
def test_an_assent_that_the_log_tells_otherwise_is_named(
    change: dict[str, Any], acts: list[tuple[int, dict[str, Any]]], words: str
) -> None:
    ((status, text),) = found(counted(**change), *acts)
    assert status == "failed"
    assert words in text


def test_what_was_withdrawn_later_was_good_then() -> None:
    assert found(counted(), GIVEN, (6, WITHDRAWN[1])) == []


def test_an_assent_may_be_among_what_cannot_be_read() -> None:
    ((status, _),) = found(counted(), has_gaps=True)
    assert status == "incomplete"


def test_two_assents_with_one_id_are_named() -> None:
    findings = Findings()
    Approvals(findings).follow(
        act_of(n, leaf(n, "approval", verdict="approve"), None) for n in (1, 2)
    )
    assert findings.count(APPROVALS, Status.FAILED) == 1


def test_an_assent_to_a_plan_counts_for_its_parts_alone() -> None:
    plan = Plan("sha256:plan", "sub_ana", "tgt_shop", frozenset({PART}))
    assent = (1, leaf(1, "approval", verdict="approve", digest="sha256:plan"))
    assert found(counted(), assent, plans=[plan]) == []
    for other in ({"part": b"other"}, {"subject": "sub_eve"}, {"target": None}):
        assert [status for status, _ in found(counted(**other), assent, plans=[plan])] == ["failed"]


def test_a_plan_is_what_its_digest_binds() -> None:
    touches = [{"verb": "sql.read", "resource": {"kind": "Table", "name": "public.orders"}}]
    statement = {"kind": "plan.propose", "touches": touches}
    what = [["sql.read", "Table", "public.orders"]]
    touched = "sha256:" + sha256(canonical.write(what)).hexdigest()
    bound = {
        "details": {"texts": '["select 1"]', "touched": f'["{touched}"]'},
        "parameters": [], "salt": "salt", "session": None, "subject": "sub_ana",
        "target": "tgt_shop", "text": "select 1;", "verb": "plan.propose",
    }  # fmt: skip
    digest = "sha256:" + sha256(canonical.write(bound)).hexdigest()
    proposed = {**bound, "facts": {"digest": digest, "verb": "plan.propose"}}
    content = {**bound, "statement": statement}
    plan = plan_of(proposed, content)
    assert plan is not None
    for text in ("select 1", " -- as asked\nselect 1;", "/* /* a */ b */ select 1 ; "):
        assert part_of({"text": text, "statement": statement}) in plan.parts
    assert part_of({"text": "select 2", "statement": statement}) not in plan.parts
    assert plan_of(proposed, {**content, "text": "select 2;"}) is None
