"""People and targets from configuration: a name keeps its id, and nobody vanishes."""

from dataclasses import replace

from assent.control.administration import (
    Person,
    TargetDescription,
    happened,
    people_and_targets,
)
from assent.core.changes import PutSubject
from assent.core.entry import EntryKind
from assent.core.secret import Secret
from builders import ANA, SHOP, World

PERSON = Person("ana", "", frozenset({"engineers"}), False, Secret("hash"))
TARGET = TargetDescription(
    name="shop",
    protocol="postgres",
    host="db",
    port=5432,
    database="shop",
    user="assent",
    credential="env:SHOP",
    environment="prod",
    tls="require",
    certificate_authority="",
    owners=frozenset({"dba"}),
    labels={"public.customers": frozenset({"pii"})},
    search_path=("public",),
)


async def test_a_name_keeps_its_id(world: World) -> None:
    subjects, targets, changes = await people_and_targets(
        world.store,  # type: ignore[arg-type]
        [PERSON],
        [TARGET],
        world.ids,
    )
    assert next(one for one in subjects if one.name == "ana").id == ANA.id
    assert targets[0].id == SHOP.id
    assert (targets[0].host, targets[0].tls) == ("db", "require")
    await world.store.commit(changes, ())
    hashed = await world.store.password_hash(ANA.id)
    assert hashed is not None
    assert hashed.reveal() == "hash"


async def test_whoever_is_gone_stays_disabled_and_without_groups(world: World) -> None:
    subjects, _, _ = await people_and_targets(world.store, [PERSON], [], world.ids)  # type: ignore[arg-type]
    gone = {one.name: one for one in subjects if one.name != "ana"}
    assert set(gone) == {"ben", "carl", "dora", "tim"}
    assert all(one.disabled and not one.groups for one in gone.values())


async def test_somebody_new_gets_an_id_and_their_name_to_be_shown(world: World) -> None:
    new = Person("eve", "", frozenset(), True, None)
    subjects, _, _ = await people_and_targets(world.store, [new], [], world.ids)  # type: ignore[arg-type]
    eve = next(one for one in subjects if one.name == "eve")
    assert eve.id.startswith("sub_")
    assert (eve.display_name, eve.disabled) == ("eve", True)


def test_what_the_server_does_is_an_entry_of_nobody(world: World) -> None:
    entry = happened(world.ids, EntryKind.SERVER_STARTED, world.clock, {"policy_revision": "r"})
    assert (entry.subject, entry.at) == (None, world.clock.now())


async def test_whom_an_administrator_suspended_stays_so_whatever_is_configured(
    world: World,
) -> None:
    subjects, _, changes = await people_and_targets(world.store, [PERSON], [], world.ids)  # type: ignore[arg-type]
    stopped = replace(subjects[0], suspended=True)
    await world.store.commit((*changes, PutSubject(stopped)), ())
    for described in ([PERSON], []):
        again, _, _ = await people_and_targets(world.store, described, [], world.ids)  # type: ignore[arg-type]
        assert next(one for one in again if one.id == stopped.id).suspended
