"""What a target is labelled as: by configuration, by rules, by what people approved."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from assent.content.column_rules import ColumnRule, ColumnRules
from assent.control import entries
from assent.control.labels import Labels
from assent.core.evidence import Authentication, Connection, Evidence
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.ids import TargetId
from assent.core.label import Label, LabelSource, LabelState
from assent.core.ports import Store
from assent.core.subject import SubjectKind
from builders import (
    ANA,
    BEN,
    CARL,
    NOON,
    SHOP,
    World,
    a_caller,
    a_statement,
    a_touch,
    a_world,
    an_action,
)

BY_HAND = {
    "public.orders": frozenset({"core"}),
    "public.orders.mail": frozenset[str](),
    "shop": frozenset({"prod"}),
}
RULES = ColumnRules([ColumnRule("(?i)e?mail", "pii.email"), ColumnRule("^pan$", "pci.card")])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        made.directory.put_target(replace(SHOP, labels=BY_HAND))
        yield made


def labels_of(world: World) -> Labels:
    return Labels(
        store=cast(Store, world.store),
        directory=world.directory,
        clock=world.clock,
        ids=world.ids,
        rules=RULES,
    )


@pytest.fixture
async def labels(world: World) -> Labels:
    made = labels_of(world)
    await made.recover()
    return made


def suggestion(name: str = "public.cards.note", label: str = "pci.card") -> Label:
    return Label(
        SHOP.id, name, label, LabelState.SUGGESTED, LabelSource.SCAN, 190, 200, NOON, BEN.id
    )


async def decided(labels: Labels, state: LabelState, name: str = "public.cards.note") -> Label:
    return await labels.decide(a_caller(BEN), "shop", name, "pci.card", state)


async def test_labels_by_hand_are_in_force_as_they_are(world: World, labels: Labels) -> None:
    assert labels.of(SHOP.id) == BY_HAND
    assert world.directory.target(SHOP.id).labels == BY_HAND


async def test_rules_add_to_what_is_labelled_by_hand(world: World, labels: Labels) -> None:
    labels.catalogue_read(SHOP.id, "shop", [("public.cards", ("id", "pan", "email"))])
    expected = {
        **BY_HAND,
        "public.cards.email": {"pii.email"},
        "public.cards.pan": {"pci.card"},
    }
    assert labels.of(SHOP.id) == expected
    assert world.directory.target(SHOP.id).labels == expected


async def test_an_empty_list_by_hand_keeps_rules_away_from_a_column(labels: Labels) -> None:
    labels.catalogue_read(SHOP.id, "shop", [("public.orders", ("mail", "email"))])
    assert labels.of(SHOP.id)["public.orders.mail"] == frozenset()
    assert labels.of(SHOP.id)["public.orders.email"] == {"pii.email"}


async def test_columns_of_another_database_have_its_name_before_theirs(labels: Labels) -> None:
    labels.catalogue_read(SHOP.id, "archive", [("public.cards", ("pan", "a.mail"))])
    labels.catalogue_read(SHOP.id, "shop", [("public.cards", ("pan",))])
    found = labels.of(SHOP.id)
    assert found["archive.public.cards.pan"] == {"pci.card"}
    assert found['archive.public.cards."a.mail"'] == {"pii.email"}
    assert found["public.cards.pan"] == {"pci.card"}


async def test_a_column_that_is_gone_is_not_labelled_any_more(labels: Labels) -> None:
    labels.catalogue_read(SHOP.id, "shop", [("public.cards", ("pan",))])
    labels.catalogue_read(SHOP.id, "shop", [("public.cards", ("number",))])
    assert labels.of(SHOP.id) == BY_HAND


async def test_whoever_listens_is_told_when_labels_change_and_only_then(labels: Labels) -> None:
    told: list[TargetId] = []
    labels.when_changed(told.append)
    columns = [("public.cards", ("pan",))]
    labels.catalogue_read(SHOP.id, "shop", columns)
    labels.catalogue_read(SHOP.id, "shop", columns)
    assert told == [SHOP.id]
    assert await labels.suggest(suggestion())
    assert told == [SHOP.id]
    await decided(labels, LabelState.APPROVED)
    assert told == [SHOP.id, SHOP.id]


async def test_a_suggestion_is_nothing_but_one_until_it_is_approved(
    world: World, labels: Labels
) -> None:
    assert await labels.suggest(suggestion())
    assert "public.cards.note" not in labels.of(SHOP.id)
    approved = await decided(labels, LabelState.APPROVED)
    assert (approved.by, approved.matched, approved.sampled) == (BEN.id, 190, 200)
    assert world.directory.target(SHOP.id).labels["public.cards.note"] == {"pci.card"}
    assert world.journal[-2:] == ["label.suggested", "label.decided"]


async def test_what_was_approved_is_in_force_after_a_restart(world: World, labels: Labels) -> None:
    await labels.suggest(suggestion())
    await decided(labels, LabelState.APPROVED)
    world.directory.put_target(replace(SHOP, labels=BY_HAND))
    again = labels_of(world)
    await again.recover()
    assert again.of(SHOP.id)["public.cards.note"] == {"pci.card"}
    assert world.directory.target(SHOP.id).labels["public.cards.note"] == {"pci.card"}


async def test_an_approved_label_can_be_taken_off(labels: Labels) -> None:
    await labels.suggest(suggestion())
    await decided(labels, LabelState.APPROVED)
    await decided(labels, LabelState.REJECTED)
    assert labels.of(SHOP.id) == BY_HAND
    with pytest.raises(ConflictFault, match="rejected already"):
        await decided(labels, LabelState.REJECTED)


async def test_what_was_rejected_or_is_in_force_is_not_suggested_again(labels: Labels) -> None:
    assert await labels.suggest(suggestion())
    assert not await labels.suggest(replace(suggestion(), matched=191))
    await decided(labels, LabelState.REJECTED)
    assert not await labels.suggest(suggestion())
    assert not await labels.suggest(suggestion("public.orders", "core"))
    found = [label for label in labels.list(a_caller(BEN), "shop") if label.name != "shop"]
    assert [(label.state, label.matched) for label in found if label.matched] == [
        (LabelState.REJECTED, 191)
    ]


async def test_the_list_has_what_waits_first_and_says_where_each_is_from(labels: Labels) -> None:
    labels.catalogue_read(SHOP.id, "shop", [("public.cards", ("pan",))])
    await labels.suggest(suggestion("z.z.z", "pii.email"))
    assert [
        (label.name, label.label, label.state.value, label.source.value)
        for label in labels.list(a_caller(CARL), "shop")
    ] == [
        ("z.z.z", "pii.email", "suggested", "scan"),
        ("public.cards.pan", "pci.card", "approved", "rule"),
        ("public.orders", "core", "approved", "hand"),
        ("shop", "prod", "approved", "hand"),
    ]


async def test_only_owners_decide_and_only_they_and_overseers_see(labels: Labels) -> None:
    await labels.suggest(suggestion())
    for who in (ANA, CARL):
        with pytest.raises(ForbiddenFault, match="only an owner of `shop` may: `dba`"):
            await labels.decide(
                a_caller(who), "shop", "public.cards.note", "pci.card", LabelState.APPROVED
            )
    with pytest.raises(ForbiddenFault, match="only an owner"):
        labels.list(a_caller(ANA), "shop")
    with pytest.raises(MissingFault, match="there is no target `shoe`"):
        labels.list(a_caller(BEN), "shoe")


async def test_only_a_person_decides(labels: Labels) -> None:
    await labels.suggest(suggestion())
    robot = replace(BEN, kind=SubjectKind.WORKLOAD)
    with pytest.raises(ForbiddenFault, match="only a person"):
        await labels.decide(
            a_caller(robot), "shop", "public.cards.note", "pci.card", LabelState.APPROVED
        )


async def test_what_was_not_suggested_cannot_be_decided(labels: Labels) -> None:
    with pytest.raises(MissingFault, match="was not suggested for `public"):
        await decided(labels, LabelState.APPROVED)


async def test_a_label_counts_only_once_the_log_has_it(world: World, labels: Labels) -> None:
    await labels.suggest(suggestion())
    world.store.refused_kinds = {"label.decided"}
    with pytest.raises(OutsideFault):
        await decided(labels, LabelState.APPROVED)
    assert labels.of(SHOP.id) == BY_HAND


def test_evidence_holds_the_labels_in_reach_and_no_others() -> None:
    labelled = {
        "public.orders": {"core"},
        "public.orders.email": {"pii"},
        'public.orders."a.b"': {"pii"},
        "public": {"internal"},
        "shop": {"prod"},
        "public.ordersx.email": {"pii"},
        "hr": {"secret"},
        "archive": {"old"},
    }
    target = replace(SHOP, labels={name: frozenset(found) for name, found in labelled.items()})
    action = replace(an_action(), statement=a_statement("sql.read"))
    assert action.touches == (a_touch("sql.read"),)
    evidence = Evidence(
        at=NOON,
        subject=ANA,
        authentication=Authentication("password", NOON, None),
        target=target,
        connection=Connection(),
    )
    kept = entries.evidence_json(action, evidence)["target"]["labels"]  # type: ignore[index,call-overload]
    assert [name for name, _ in kept] == [  # type: ignore[misc,union-attr]
        "public",
        "public.orders",
        'public.orders."a.b"',
        "public.orders.email",
        "shop",
    ]
