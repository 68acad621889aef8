"""What somebody wants, read and compared: by name, with the ids that names keep for ever."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from assent.control.directory import Directory
from assent.control.planning import Content
from assent.control.policies import Policies
from assent.control.wanting import Wanting, no_policies_read, no_targets_read
from assent.core.faults import ConflictFault, OperatorFault
from assent.core.ids import TargetId
from assent.core.ports import Store
from assent.core.resource import Target
from builders import POLICIES, SHOP, SQL, CountingIds, load, policies
from described_targets import described

ARCHIVE = '[[targets]]\nname = "archive"\n'
FOUND = replace(SHOP, id=TargetId("tgt_archive"), name="archive", database="archive")


class Kept:
    """Knows the targets that there ever were."""

    def __init__(self, *targets: Target) -> None:
        self._targets = targets

    async def targets(self) -> Sequence[Target]:
        return self._targets


def wanting(*targets: Target, others: Sequence[Target] = (), **reads: Any) -> Wanting:
    usual = {
        "read_policies": lambda sources, groups: load(sources, [SQL], groups),
        "read_targets": described,
    }
    found = Wanting(
        store=cast(Store, Kept(*targets, *others)),
        directory=Directory((), targets),
        policies=Policies(policies(POLICIES)),
        ids=CountingIds(),
        **{**usual, **reads},
    )
    found.begin({"00.cedar": POLICIES}, targets)
    return found


async def test_what_is_not_named_stays_as_it_is() -> None:
    both = wanting(SHOP)
    wanted = await both.read(Content(None, ARCHIVE))
    assert wanted.policies is both._policies.current
    assert [one.name for one in wanted.changed] == ["archive"]
    assert wanted.targets["shop"] is SHOP
    texts = await both.read(Content({"00.cedar": POLICIES}, None))
    assert (texts.changed, texts.plan.differences) == ((), ())


async def test_only_what_was_applied_is_taken_away_where_it_is_not_named() -> None:
    applied = replace(FOUND, applied=True)
    wanted = await wanting(SHOP, applied).read(Content(None, ""))
    (gone,) = wanted.changed
    assert (gone.id, gone.retired) == (applied.id, True)


async def test_a_name_keeps_its_id_and_the_same_words_change_nothing() -> None:
    gone = replace(FOUND, id=TargetId("tgt_long_ago"))
    wanted = await wanting(SHOP, others=(gone,)).read(Content(None, ARCHIVE))
    (target,) = wanted.changed
    assert (target.id, target.applied) == (gone.id, True)
    again = wanting(SHOP, target)
    assert not (await again.read(Content(None, ARCHIVE))).changed


async def test_groups_that_only_the_new_targets_have_may_be_named() -> None:
    guard = '@id("g") @require("approve: 1 of keepers") forbid (principal, action, resource);'
    base = POLICIES.replace("1 of dba", "1 of keepers")
    content = Content({"00.cedar": base, "01.cedar": guard}, None)
    people = wanting(SHOP)
    with pytest.raises(OperatorFault, match="keepers"):
        await people.read(content)
    kept = replace(content, targets=ARCHIVE + 'owners = ["keepers"]\n')
    with pytest.raises(OperatorFault, match="keepers") as caught:
        await people.read(replace(content, targets=ARCHIVE))
    assert "keepers" in caught.value.detail
    assert (await people.read(kept)).plan.differences


async def test_a_target_of_the_gateways_own_is_not_anybodys_to_describe() -> None:
    own = wanting(SHOP)
    own.begin({}, ())
    with pytest.raises(ConflictFault, match="the gateway's own"):
        await own.read(Content(None, ARCHIVE.replace("archive", "shop")))


async def test_where_nothing_can_be_read_nothing_is_wanted() -> None:
    blind = wanting(SHOP, read_policies=no_policies_read, read_targets=no_targets_read)
    for content in (Content({"a.cedar": ""}, None), Content(None, "")):
        with pytest.raises(OperatorFault):
            await blind.read(content)
