"""Whether somebody could change the policies again: what decides it is the policies alone."""

from dataclasses import replace

import pytest

from assent.control.standing_to_change import locked_out
from assent.core.subject import Subject, SubjectKind
from builders import BEN, CARL, NOON, PEOPLE, disabled, policies

MAY = '@id("may") permit (principal in Group::"dba", action == Action::"policy.change", resource);'
ONE = (
    '@id("one") @require("approve: 1 of security; reason; ticket; step-up: 5m")\n'
    'forbid (principal, action == Action::"policy.change", resource);'
)

PASSKEY = (
    '@id("passkey") forbid (principal, action == Action::"policy.change", resource)\n'
    "unless { context.authentication.phishing_resistant };"
)


@pytest.mark.parametrize(
    ("texts", "people", "out"),
    [
        ((MAY,), PEOPLE, False),
        ((MAY, ONE), PEOPLE, False),
        ((MAY, PASSKEY), PEOPLE, False),
        ((), PEOPLE, True),
        ((MAY,), (CARL,), True),
        ((MAY,), (disabled(BEN),), True),
        ((MAY,), (replace(BEN, kind=SubjectKind.WORKLOAD),), True),
        ((MAY, ONE), (BEN,), True),
        ((MAY, ONE), (BEN, disabled(CARL)), True),
        ((MAY, ONE.replace("1 of", "2 of")), PEOPLE, True),
        ((MAY, '@id("no") forbid (principal, action, resource);'), PEOPLE, True),
        (('@id("any") permit (principal, action, resource);',), PEOPLE, True),
    ],
)
def test_somebody_must_be_permitted_with_assent_that_others_can_give(
    texts: tuple[str, ...], people: tuple[Subject, ...], out: bool
) -> None:
    assert locked_out(policies(*texts), people, NOON) is out
