"""What the configuration says otherwise than at the last start: who and what, never secrets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from assent.control.administration import TargetDescription, as_target
from assent.control.configuration_changes import (
    Said,
    model_digest,
    since_last_start,
)
from assent.core.changes import Change, PutSubject, PutTarget
from assent.core.entry import Entry, EntryKind
from assent.core.ids import TargetId
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.subject import Subject
from builders import ANA, BEN, PEOPLE, SHOP, World, a_subject
from described_targets import described

MODEL = {"assent.risk.model": "aa", "assent.signals.pace": "bb"}


def said(
    people: Sequence[Subject] = PEOPLE,
    targets: Sequence[Target] = (SHOP,),
    model: Mapping[str, str] | None = None,
    **digests: str,
) -> Said:
    """Return what a configuration says. digests: further keys, a dot for two underscores."""
    keys = {f"people.{one.name}": "p" for one in people}
    keys |= {f"targets.{one.name}": "t" for one in targets}
    keys |= {key.replace("__", "."): digest for key, digest in digests.items()}
    return Said(people, targets, keys, MODEL if model is None else model, "1.2.3")


async def started(world: World, now: Said, *, configured: bool = True) -> list[Entry]:
    """Return the entries of a start with this configuration, which is in the store then."""
    store = cast(Store, world.store)
    changes, entries = await since_last_start(store, now, world.clock, world.ids)
    put: list[Change] = [PutSubject(one) for one in now.subjects]
    put += [PutTarget(one) for one in now.targets]
    await store.commit([*put, *changes], entries)
    return entries


def things(entry: Entry) -> list[dict[str, Any]]:
    payload: Any = entry.payload
    return cast(list[dict[str, Any]], payload["things"])


async def test_a_start_with_the_same_says_nothing(world: World) -> None:
    await started(world, said(risk__high_from="1"))
    assert await started(world, said(risk__high_from="1")) == []


async def test_a_first_start_says_who_was_there_and_not_each_key(world: World) -> None:
    new = a_subject("eve", "dba")
    (entry,) = await started(world, said((*PEOPLE, new), risk__high_from="1"))
    assert entry.facts == {
        "first": True,
        "people": {"added": [new.id]},
        "sections": ["people"],
    }
    assert entry.payload is not None
    assert entry.payload["keys"] == []
    (thing,) = things(entry)
    assert (thing["name"], thing["how"], thing["what"]) == ("eve", "added", "person")
    assert ["groups", None, ["dba"]] in thing["fields"]


async def test_a_key_that_differs_is_named_without_what_it_says(world: World) -> None:
    await started(world, said(risk__high_from="1", canary__every="5", notifiers__mail="x"))
    (entry,) = await started(world, said(risk__high_from="2", canary__every="5", vault__token="y"))
    assert entry.kind is EntryKind.CONFIGURATION_CHANGED
    assert entry.facts == {"sections": ["notifiers", "risk", "vault"]}
    assert entry.payload == {
        "keys": [
            ["notifiers.mail", "removed"],
            ["risk.high_from", "changed"],
            ["vault.token", "added"],
        ],
        "things": [],
    }


async def test_people_who_changed_are_in_the_facts_by_id_and_their_groups_beside(
    world: World,
) -> None:
    await started(world, said())
    moved = replace(ANA, groups=frozenset({"dba", "security"}))
    eve = a_subject("eve", "dba")
    rest = [one for one in PEOPLE if one.id not in (ANA.id, BEN.id)]
    gone = replace(BEN, groups=frozenset(), disabled=True)
    now = said([moved, gone, eve, *rest])
    without_ben = {key: value for key, value in now.digests.items() if key != "people.ben"}
    (entry,) = await started(world, replace(now, digests=without_ben))
    assert entry.facts == {
        "sections": ["people"],
        "people": {"changed": [ANA.id], "removed": [BEN.id], "added": [eve.id]},
    }
    (changed,) = [one for one in things(entry) if one["how"] == "changed"]
    assert changed["fields"] == [["groups", sorted(ANA.groups), ["dba", "security"]]]
    assert await started(world, replace(now, digests=without_ben)) == []


async def test_a_targets_password_is_never_told_and_its_labels_are_one_by_one(
    world: World,
) -> None:
    await started(world, said())
    labels = {**SHOP.labels, "public.customers.email": frozenset({"pii"})}
    other = replace(SHOP, credential="env:ANOTHER", host="db2", labels=labels)
    (entry,) = await started(world, said(targets=(other,)))
    assert entry.facts["targets"] == {"changed": [SHOP.id]}
    (thing,) = things(entry)
    assert thing["fields"] == [
        ["credential", None, None],
        ["host", SHOP.host, "db2"],
        ["labels.public.customers.email", None, ["pii"]],
    ]
    assert "ANOTHER" not in json.dumps(entry.payload)


async def test_a_target_that_is_gone_is_said_once(world: World) -> None:
    await started(world, said())
    (entry,) = await started(world, said(targets=()))
    assert entry.facts["targets"] == {"removed": [SHOP.id]}
    assert await started(world, said(targets=())) == []


async def test_what_somebody_applied_is_no_change_of_the_configuration(world: World) -> None:
    await started(world, said())
    (told,) = described('[[targets]]\nname = "till"\nhost = "h"\nuser = "u"\npassword = "env:T"')
    assert isinstance(told, TargetDescription)
    applied = replace(as_target(told, TargetId("tgt_till")), applied=True)
    before = said()
    now = replace(before, targets=(SHOP, applied))
    assert await started(world, now) == []


async def test_a_password_that_was_replaced_shows_without_being_told(world: World) -> None:
    await started(world, said())
    (entry,) = await started(world, replace(said(), digests={**said().digests, "people.ana": "q"}))
    assert entry.facts == {"sections": ["people"], "people": {"changed": [ANA.id]}}
    assert [one["fields"] for one in things(entry)] == [[]]


async def test_ten_thousand_people_are_told_in_entries_of_a_bounded_size(world: World) -> None:
    crowd = [a_subject(f"person-{number}", "dba") for number in range(1_000)]
    entries = await started(world, said(crowd))
    assert len(entries) == 5
    told: list[str] = []
    for entry in entries:
        people: Any = entry.facts["people"]
        told += people["added"]
        assert len(json.dumps(entry.facts)) < 65_535
    assert sorted(told) == sorted(one.id for one in crowd)


async def test_another_risk_model_is_an_entry_that_names_what_differs(world: World) -> None:
    assert await started(world, said()) == []
    other = {"assent.risk.model": "ab", "assent.signals.volume": "cc"}
    (entry,) = await started(world, said(model=other))
    assert entry.kind is EntryKind.RISK_MODEL_CHANGED
    assert entry.facts == {
        "after": model_digest(other),
        "before": model_digest(MODEL),
        "modules": ["assent.risk.model", "assent.signals.pace", "assent.signals.volume"],
        "version": "1.2.3",
    }
    assert await started(world, said(model=other)) == []
