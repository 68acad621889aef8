"""What people are told of a request, in words."""

from dataclasses import replace

from assent.control.telling import LONGEST_STATEMENT, asking_lines, how_it_ended, what_is_asked
from assent.core.ids import ApprovalId
from assent.core.impact import Impact
from assent.core.request import Approval, RequestState, Verdict
from builders import ANA, NOON, PEOPLE, SHOP, a_request, an_action

SECRET = "update customers set card = '4111111111111111'"
BY_ID = {person.id: person for person in PEOPLE}


def test_a_title_says_who_what_and_where() -> None:
    assert what_is_asked(an_action("sql.delete"), ANA, SHOP) == "ana: sql.delete on shop"
    assert what_is_asked(an_action("access.request"), ANA, None) == "ana: access"
    assert what_is_asked(an_action("sql.delete"), None, SHOP) == "somebody: sql.delete on shop"


def test_the_text_of_a_statement_is_told_only_where_the_operator_wants_it() -> None:
    request = replace(
        a_request(an_action("sql.update", text=SECRET + " " * 900)),
        reason="refund", ticket="OPS-1", ticket_said="open", impact=Impact(rows=3),
    )  # fmt: skip
    lines = asking_lines(request, ("assent of 1 of dba",), statements=False)
    assert "4111" not in "\n".join(lines)
    assert {"a DBA must assent", "reason: refund", "ticket: OPS-1 (open)"} <= set(lines)
    assert lines[-2:] == ("needed: assent of 1 of dba", "until 2026-03-04T12:15:00Z")
    said = asking_lines(request, (), statements=True)
    assert any(line.startswith(SECRET) and len(line) == LONGEST_STATEMENT for line in said)
    assert said[-2] == "needed: nothing"


def test_what_a_program_says_that_it_does_is_told() -> None:
    action = replace(an_action("tool.call"), details={"task": "close the month"})
    lines = asking_lines(a_request(action), (), statements=False)
    assert "it says that it does: close the month" in lines


def test_the_end_names_those_who_assented_and_what_came_of_it() -> None:
    digest = a_request().action_digest

    def answer(number: int, who: str, verdict: Verdict = Verdict.APPROVE) -> Approval:
        by = next(person.id for person in PEOPLE if person.name == who)
        return Approval(ApprovalId(f"apr_{number}"), a_request().id, by, verdict, digest, NOON)

    answers = (answer(1, "ben"), replace(answer(2, "carl"), withdrawn_at=NOON), answer(3, "dora"))
    request = replace(a_request(state=RequestState.RELEASED), approvals=answers)
    assert how_it_ended(request, "x", BY_ID) == "settled: x · assented to by ben, dora"
    done = replace(request, state=RequestState.COMPLETED, outcome="3 rows")
    assert how_it_ended(done, "x", BY_ID) == "settled: x · assented to by ben, dora; 3 rows"
    rejected = replace(request, state=RequestState.REJECTED, outcome="carl rejected it: no")
    assert how_it_ended(rejected, "x", BY_ID) == "settled: x · rejected: carl rejected it: no"
    gone = replace(request, approvals=())
    assert how_it_ended(gone, "x", {}) == "settled: x · assented to"
