"""Which fault is which status."""

import pytest

from assent.api.problems import status_of
from assent.core.faults import (
    ConflictFault,
    Fault,
    ForbiddenFault,
    MissingFault,
    OperatorFault,
    OutsideFault,
    PeerFault,
)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (PeerFault("broken", "it broke"), 400),
        (ForbiddenFault("not-signed-in", "sign in"), 401),
        (ForbiddenFault("not-yours", "not yours"), 403),
        (MissingFault("no-such-request", "there is none"), 404),
        (ConflictFault("request-settled", "too late"), 409),
        (OperatorFault("bad", "it is wrong", "file:1"), 422),
        (ForbiddenFault("too-many-attempts", "wait"), 429),
        (OutsideFault("store-away", "the store is away"), 503),
        (Fault("unheard-of", "what"), 500),
    ],
)
def test_the_status_says_who_must_act(fault: Fault, status: int) -> None:
    assert status_of(fault) == status
