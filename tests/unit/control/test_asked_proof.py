"""How somebody proved who they are when they asked still counts when that is decided again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.asked_proof import proof_of, with_proof, with_proof_of
from assent.control.sign_in import Caller
from assent.core.evidence import Authentication
from assent.core.faults import ForbiddenFault
from assent.core.request import RequestState, Verdict
from assent.core.secret import Secret
from builders import (
    ANA,
    BEN,
    CARL,
    MINUTE,
    NOON,
    PASSWORD,
    POLICIES,
    World,
    a_caller,
    a_request,
    policies,
)

BY_PASSKEY = Authentication("passkey", NOON)
CONFIRMED = Authentication("password", NOON, NOON + MINUTE, "passkey")
RESISTANT = (
    POLICIES
    + """
@id("delegate") @max_duration("2d")
permit (principal, action == Action::"delegation.give", resource == System::"delegations");
@id("delegate.passkey") @message("only by passkey")
forbid (principal, action == Action::"delegation.give", resource == System::"delegations")
unless { context.authentication.phishing_resistant };
@id("delegate.ask") @message("security must know") @require("approve: 1 of security")
forbid (principal, action == Action::"delegation.give", resource == System::"delegations");
"""
)


def asking(proof: Authentication) -> Caller:
    return replace(a_caller(BEN), authentication=proof)


@pytest.mark.parametrize("proof", [BY_PASSKEY, CONFIRMED])
async def test_what_was_asked_by_passkey_goes_ahead_once_people_have_assented(
    world: World, proof: Authentication
) -> None:
    world.policies.replace(policies(RESISTANT))
    day = timedelta(days=1)
    with pytest.raises(ForbiddenFault, match="only by passkey"):
        await world.delegating.give(a_caller(BEN), "dba", "ana", day, "holiday")
    asked = await world.delegating.give(asking(proof), "dba", "ana", day, "holiday")
    assert asked.state is RequestState.PENDING
    await world.requests.answer(a_caller(CARL), asked.id, Verdict.APPROVE, "fine")
    settled = await world.store.request(asked.id)
    assert settled is not None
    assert settled.state is RequestState.COMPLETED


async def test_an_action_keeps_a_proof_that_is_not_the_usual_one(world: World) -> None:
    asked = a_request()
    kinds: dict[str, dict[str, str]] = {"password": {}, "oidc": {"proved_by": "oidc"}}
    for method, kept in kinds.items():
        caller = asking(Authentication(method, NOON))
        action = with_proof(replace(asked.action, details={"for_s": "60"}), caller)
        assert action.details == {"for_s": "60"} | kept
        again = proof_of(world.sign_in, replace(asked, action=action))
        assert again == Authentication(method, asked.created_at)


async def test_a_step_up_is_known_after_a_restart_and_a_later_one_counts_instead(
    world: World,
) -> None:
    asked = a_request()
    action = with_proof(asked.action, replace(asking(CONFIRMED), subject=ANA))
    asked = replace(asked, action=replace(action, subject=ANA.id))
    said = proof_of(world.sign_in, asked)
    assert (said.stepped_up_at, said.stepped_up_by) == (NOON + MINUTE, "passkey")
    replaced = with_proof_of(replace(action, details={}), action)
    assert replaced.details == {key: action.details[key] for key in replaced.details}
    assert len(replaced.details) == 2
    token, _ = await world.sign_in.login("ana", Secret(PASSWORD), "192.0.2.1")
    caller = await world.sign_in.authenticate(token, "192.0.2.1", "web")
    world.clock.advance(5 * MINUTE)
    await world.sign_in.step_up(caller, Secret(PASSWORD))
    later = proof_of(world.sign_in, asked)
    assert (later.stepped_up_at, later.stepped_up_by) == (world.clock.now(), "password")
