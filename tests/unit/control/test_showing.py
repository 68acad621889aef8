"""What an approver is shown: all that their answer rests on, and what of it has changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from assent.audit.approval_signatures import check_document, digest_of
from assent.core.faults import ConflictFault
from assent.core.impact import Impact, Waiter
from assent.core.request import Request
from assent.core.scope import Scope, Terms
from builders import TIM, World, a_caller


async def asked(world: World) -> Request:
    caller = a_caller(TIM)
    return await world.access.ask(caller, "shop", timedelta(hours=1), "the report", "OPS-7")


async def document(world: World, request: Request, terms: Terms | None = None) -> Mapping[str, Any]:
    return (await world.plane.showing.shown(request, terms)).document


async def test_the_document_holds_the_exact_action_the_evidence_and_the_terms(
    world: World,
) -> None:
    request = await asked(world)
    found = await document(world, request)
    assert found["request"] == request.id
    assert found["action"]["requester"] == "tim"
    assert found["action"]["target"] == "shop"
    assert found["evidence"]["score"] == request.assessment.score
    assert found["evidence"]["reason"] == "the report"
    assert "127.0.0.1" in found["evidence"]["came_from"][0]
    assert found["terms"]["access"] == ["for 1 h"]
    assert found["terms"]["demands"]
    assert digest_of(found["action"]["bound"]) == request.action_digest


async def test_whoever_has_the_document_can_work_out_both_digests(world: World) -> None:
    request = await asked(world)
    shown = await world.plane.showing.shown(request)
    check_document(shown.document, request.id, request.action_digest, shown.digest)
    assert (await world.plane.showing.shown(request)).digest == shown.digest


async def test_what_changed_is_named(world: World) -> None:
    request = await asked(world)
    showing = world.plane.showing
    seen = (await showing.shown(request)).digest
    await showing.check(request, seen)
    later = replace(request, deadline_at=request.deadline_at + timedelta(minutes=1), ticket="X-1")
    with pytest.raises(ConflictFault, match="changed is the ticket, the deadline"):
        await showing.check(later, seen)
    with pytest.raises(ConflictFault, match=r"has changed; look again$"):
        await showing.check(request, "sha256:" + "0" * 64)


async def test_who_waits_for_locks_changes_nothing_of_it(world: World) -> None:
    request = replace(await asked(world), impact=Impact(rows=5))
    waiting = replace(request, impact=Impact(rows=5, waiters=(Waiter("tim", "psql", 3),)))
    showing = world.plane.showing
    assert (await showing.shown(request)).digest == (await showing.shown(waiting)).digest


async def test_an_offer_is_shown_as_the_action_that_it_would_be(world: World) -> None:
    request = await asked(world)
    terms = Terms(timedelta(minutes=5), Scope(read_only=True))
    found = await document(world, request, terms)
    assert found["terms"]["offered"] == ["for 5 min", "read-only"]
    assert found["action"]["digest"] != request.action_digest
    assert digest_of(found["action"]["bound"]) == found["action"]["digest"]


async def test_a_person_and_a_target_that_are_gone_are_shown_by_their_ids(world: World) -> None:
    request = await asked(world)
    world.directory.replace((), ())
    found = await document(world, request)
    assert found["action"]["requester"] == TIM.id
    assert found["action"]["target"] == request.action.target
