from datetime import timedelta

from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
    TicketRemedy,
    describe,
)


def test_every_remedy_is_said_in_words() -> None:
    stages = ((Quorum(2, "dba"), Quorum(1, "security")), (Quorum(1, "owners"),))
    assert [
        describe(one)
        for one in (
            ReasonRemedy(),
            TicketRemedy(),
            StepUpRemedy(timedelta(minutes=15)),
            ApprovalRemedy(stages),
        )
    ] == [
        "say why",
        "name a ticket",
        "confirm your password (within the last 15 min)",
        "assent of 2 of dba and 1 of security, then 1 of owners",
    ]


def test_a_sponsor_is_named_where_names_are_known_and_said_in_words_where_not() -> None:
    remedy = ApprovalRemedy(((Quorum(1, "@=sub_ana"),),))
    assert describe(remedy) == "assent of who answers for it"
    assert describe(remedy, {"sub_ana": "Ana"}) == "assent of Ana"
