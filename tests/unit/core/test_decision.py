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
