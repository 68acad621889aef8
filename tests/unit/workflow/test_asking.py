"""Whom to ask: as few as can settle it, by turn, and further ones on demand."""

from assent.core.assenting import Assenting
from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.subject import Subject
from assent.workflow.asking import Candidate, in_order, open_stage, whom_to_ask
from builders import a_subject

TIM = a_subject("tim", "temps")
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))


def people(*subjects: Subject) -> list[Assenting]:
    return in_order([Candidate(Assenting(subject)) for subject in subjects], TIM)


def dbas(count: int) -> list[Subject]:
    return [a_subject(f"p{number:03}", "dba") for number in range(count)]


def test_of_a_hundred_who_may_answer_two_are_asked_first() -> None:
    assert whom_to_ask(ONE_DBA, TIM, people(*dbas(100)), ()) == ["sub_p000", "sub_p001"]


def test_nobody_more_is_asked_while_those_who_were_suffice() -> None:
    everybody = people(*dbas(9))
    asked = whom_to_ask(ONE_DBA, TIM, everybody, ())
    assert whom_to_ask(ONE_DBA, TIM, everybody, (), asked) == []


def test_so_many_more_are_asked_as_are_wanted_until_everybody_is() -> None:
    everybody = people(*dbas(5))
    asked = whom_to_ask(ONE_DBA, TIM, everybody, ())
    more = whom_to_ask(ONE_DBA, TIM, everybody, (), asked, more=2)
    assert more == ["sub_p002", "sub_p003"]
    assert whom_to_ask(ONE_DBA, TIM, everybody, (), [*asked, *more], more=4) == ["sub_p004"]


def test_every_quorum_of_the_stage_is_asked_and_no_later_stage() -> None:
    remedy = ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "owners")), (Quorum(1, "security"),)))
    ben, olga = a_subject("ben", "dba"), a_subject("olga", "owners")
    carl = a_subject("carl", "security")
    everybody = people(ben, olga, carl)
    assert whom_to_ask(remedy, TIM, everybody, ()) == [ben.id, olga.id]
    given = [Assenting(ben), Assenting(olga)]
    assert open_stage(remedy, TIM, given) == 1
    assert whom_to_ask(remedy, TIM, everybody, given) == [carl.id]
    assert whom_to_ask(remedy, TIM, everybody, [*given, Assenting(carl)]) == []


def test_somebody_in_two_groups_is_not_taken_for_two() -> None:
    remedy = ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "owners")),))
    both = a_subject("both", "dba", "owners")
    ben = a_subject("zed", "dba")
    assert set(whom_to_ask(remedy, TIM, people(both, ben), ())) == {both.id, ben.id}


def test_who_was_asked_and_may_not_answer_any_more_is_replaced() -> None:
    everybody = people(*dbas(6)[2:])
    assert whom_to_ask(ONE_DBA, TIM, everybody, (), ["sub_p000", "sub_p001"]) == [
        "sub_p002",
        "sub_p003",
    ]


def test_who_can_not_meet_it_alone_is_asked_all_the_same() -> None:
    two = ApprovalRemedy(((Quorum(2, "dba"),),))
    assert whom_to_ask(two, TIM, people(a_subject("ben", "dba")), ()) == ["sub_ben"]


def test_signed_assents_are_asked_for_as_others_are() -> None:
    signed = ApprovalRemedy(((Quorum(1, "dba"),),), signed=True)
    assert whom_to_ask(signed, TIM, people(*dbas(3)), ()) == ["sub_p000", "sub_p001"]


def test_those_on_call_come_first_and_those_who_are_away_last() -> None:
    names = ["amy", "bob", "cid", "dan", "eve"]
    amy, bob, cid, dan, eve = (Assenting(a_subject(name, "dba")) for name in names)
    ordered = in_order(
        [
            Candidate(amy, away=True, turn=0),
            Candidate(bob, questions=3),
            Candidate(cid, turn=1),
            Candidate(dan, turn=0, questions=9),
            Candidate(eve),
        ],
        TIM,
    )
    assert [one.person.name for one in ordered] == ["dan", "cid", "eve", "bob", "amy"]


def test_a_requester_who_may_count_themself_is_asked_last() -> None:
    ann, zoe = a_subject("ann", "dba"), a_subject("zoe", "dba")
    ordered = in_order([Candidate(Assenting(ann)), Candidate(Assenting(zoe))], ann)
    assert [one.person.name for one in ordered] == ["zoe", "ann"]
