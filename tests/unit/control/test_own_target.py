"""The gateway's own target: its canary may open it and nothing else; nobody else may anything."""

from dataclasses import replace

import pytest

from assent.control.own_target import CANARY, POLICY, own_decision
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.decision import Deny, Permit
from assent.core.evidence import Evidence
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.resource import Resource
from assent.core.subject import Subject, SubjectKind
from builders import ANA, NOON, SHOP, World

BIRD = Subject(SubjectId("sub_bird"), CANARY, SubjectKind.WORKLOAD)
CAGE = replace(SHOP, id=TargetId("tgt_cage"), name=CANARY)


def doing(subject: Subject, verb: str = "session.open", target: TargetId = CAGE.id) -> Action:
    touch = Touch(verb, Operation.EXECUTE, Resource("Target", CANARY))
    return Action(ActionId("act_1"), subject.id, Statement(verb, (touch,), True), target)


def test_the_canary_may_open_its_target() -> None:
    decision = own_decision("rev", doing(BIRD), Evidence(NOON, BIRD, CAGE))
    assert isinstance(decision, Permit)
    assert decision.permitted_by == (POLICY,)


@pytest.mark.parametrize(
    ("action", "evidence"),
    [
        (doing(ANA), Evidence(NOON, ANA, CAGE)),
        (doing(ANA, "access.request"), Evidence(NOON, ANA, CAGE)),
        (doing(BIRD, "sql.read"), Evidence(NOON, BIRD, CAGE)),
        (doing(BIRD, target=SHOP.id), Evidence(NOON, BIRD, SHOP)),
        (doing(ANA), Evidence(NOON, BIRD, CAGE)),
        (doing(BIRD, target=SHOP.id), Evidence(NOON, BIRD, CAGE)),
        (doing(BIRD), Evidence(NOON, replace(BIRD, kind=SubjectKind.HUMAN), CAGE)),
    ],
    ids=["somebody", "asking", "reading", "elsewhere", "pretending", "astray", "human"],
)
def test_nothing_else_is_permitted_there(action: Action, evidence: Evidence) -> None:
    decision = own_decision("rev", action, evidence)
    assert isinstance(decision, Deny)
    assert decision.remedies == ()


def test_everything_else_is_the_business_of_policies() -> None:
    assert own_decision("rev", doing(ANA, target=SHOP.id), Evidence(NOON, ANA, SHOP)) is None


async def test_no_policy_stops_the_canary_and_no_policy_lets_others_in(world: World) -> None:
    world.directory.keep(BIRD, CAGE)
    decided = own_decision(
        world.policies.current.revision, doing(ANA), Evidence(world.clock.now(), ANA, CAGE)
    )
    assert isinstance(decided, Deny)
    assert world.directory.targets() == (SHOP,)
    assert BIRD not in world.directory.subjects()
    assert world.directory.subject(BIRD.id) == BIRD
    world.directory.replace(world.directory.subjects(), world.directory.targets())
    assert world.directory.target_named(CANARY) == CAGE
    assert world.directory.own == BIRD.id
