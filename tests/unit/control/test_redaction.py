"""Erasing a person: their keys are gone, the log says so, and the rest of it stands."""

import json

import pytest

from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import SubjectId
from assent.core.request import RequestState
from builders import ANA, BEN, CARL, READ, World, a_caller
from conformance.store_builders import unsealed
from unit.control.audit_orders import asked, assented, at_once


async def texts(world: World, subject: SubjectId) -> list[bytes | None]:
    """Return the content of all that is sealed about a subject, in order."""
    stored = await world.store.entries(limit=1_000)
    about = [one for one in stored if json.loads(one.leaf)["subject"] == subject]
    return [one.content for one in about if one.payload is not None]


async def redacted(world: World) -> dict[str, object]:
    stored = await world.store.entries(limit=1_000)
    leaves = [json.loads(one.leaf) for one in stored]
    (found,) = [leaf for leaf in leaves if leaf["kind"] == "payload.redacted"]
    return found["facts"]  # type: ignore[no-any-return]


async def test_what_was_written_of_them_can_never_be_read_again(world: World) -> None:
    client = await world.connect(ANA)
    await world.did(client, READ)
    await world.did(await world.connect(BEN), READ)
    before = await texts(world, ANA.id)
    others = await texts(world, BEN.id)
    checkpoint = await world.store.publish()
    assert before
    assert None not in before
    forgotten: list[SubjectId] = []

    async def forget(subject: SubjectId) -> None:
        forgotten.append(subject)

    at_once(world).plane.redaction.when_erased(forget)
    ordered = await world.plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    assert ordered.told["keys"] == 1
    assert ordered.told["remains"]
    assert await texts(world, ANA.id) == [None] * len(before)
    assert (await texts(world, BEN.id))[: len(others)] == others
    facts = await redacted(world)
    assert (facts["about"], facts["entries"]) == (ANA.id, [])
    (key,) = facts["keys"]  # type: ignore[misc]
    gone = await world.store.data_key(key)
    assert (gone.wrapped, gone.destroyed_at) == (None, world.clock.now())
    assert forgotten == [ANA.id]
    assert world.learning.profile(ANA.id).last_day < 0
    # The tree goes on from what was signed: not a byte of what is hashed was changed.
    assert (await world.store.publish()).size > checkpoint.size
    assert await world.store.consistency(checkpoint.size, checkpoint.size + 1)


async def test_what_was_recorded_of_them_is_sealed_before_and_goes_with_it(world: World) -> None:
    await world.connect(ANA)
    live: list[int] = []

    async def look(subject: SubjectId) -> None:
        live.append(len(await world.store.data_keys(subject, live_only=True)))

    at_once(world).plane.redaction.before_erased(look)
    await world.plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    assert world.recorder.sealed_all == [ANA.id]
    assert live == [1]
    assert await world.store.data_keys(ANA.id, live_only=True) == []


async def test_whoever_goes_on_gets_a_new_key(world: World) -> None:
    client = await world.connect(ANA)
    await at_once(world).plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    await world.did(client, READ)
    found = await texts(world, ANA.id)
    assert found[-1] is not None
    assert len(await world.plane.redaction.keys(a_caller(CARL), "ana")) == 2


async def test_who_erases_themselves_leaves_the_reason_readable(world: World) -> None:
    await at_once(world).plane.redaction.erase(a_caller(CARL), "carl", "I leave")
    assert (await texts(world, CARL.id))[-1] == b'{"reason":"I leave"}'


async def test_a_hold_is_in_the_way(world: World) -> None:
    client = await world.connect(ANA)
    await world.did(client, READ)
    plane = at_once(world).plane
    placed = await plane.legal_holds.place(a_caller(CARL), "ana", "case 7")
    with pytest.raises(ConflictFault, match="legal hold"):
        await plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    assert None not in await texts(world, ANA.id)
    await plane.legal_holds.lift(a_caller(CARL), str(placed.told["hold"]), "closed")
    assert (await plane.redaction.erase(a_caller(CARL), "ana", "she asked")).state == "done"


async def test_what_was_assented_to_and_is_held_by_then_is_not_done(world: World) -> None:
    await world.connect(ANA)
    plane = asked(world).plane
    ordered = await plane.redaction.erase(a_caller(BEN), "ana", "she asked")
    at_once(world)
    await plane.legal_holds.place(a_caller(CARL), None, "case 7")
    asked(world)
    assert await assented(world, ordered) is RequestState.REJECTED
    assert None not in await texts(world, ANA.id)


async def test_erasing_can_need_assent(world: World) -> None:
    await world.connect(ANA)
    ordered = await asked(world).plane.redaction.erase(a_caller(BEN), "ana", "she asked")
    assert None not in await texts(world, ANA.id)
    assert ordered.request is not None
    assert "erase `ana`" in ordered.request.action.text
    assert await assented(world, ordered) is RequestState.COMPLETED
    assert set(await texts(world, ANA.id)) == {None}


async def test_who_may_not_and_who_is_not_there(world: World) -> None:
    with pytest.raises(ForbiddenFault):
        await at_once(world).plane.redaction.erase(a_caller(BEN), "ana", "x")
    with pytest.raises(MissingFault):
        await world.plane.redaction.erase(a_caller(CARL), "nobody", "x")
    with pytest.raises(ForbiddenFault):
        await world.plane.redaction.keys(a_caller(BEN), "ana")


async def test_payloads_of_the_older_form_are_deleted_and_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_seal(_: object) -> object:
        return unsealed

    with monkeypatch.context() as older:
        older.setattr(world.store.keyring, "sealer", no_seal)
        await world.did(await world.connect(ANA), READ)
        await world.did(await world.connect(BEN), READ)
    before = await texts(world, ANA.id)
    others = await texts(world, BEN.id)
    checkpoint = await world.store.publish()
    ordered = await at_once(world).plane.redaction.erase(a_caller(CARL), "ana", "she asked")
    assert (ordered.told["keys"], ordered.told["deleted"]) == (0, len(before))
    assert await texts(world, ANA.id) == []
    assert (await texts(world, BEN.id))[: len(others)] == others
    facts = await redacted(world)
    assert len(facts["entries"]) == len(before)  # type: ignore[arg-type]
    assert (await world.store.publish()).size > checkpoint.size
