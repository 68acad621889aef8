"""What other policies would have answered to what was decided."""

from typing import Any

import pytest

from assent.control.what_if import WhatIf, changed_to, said
from assent.core.decision import ApprovalRemedy, Deny, Permit, Quorum, ReasonRemedy
from builders import CARL, DELETE_ALL, POLICIES, READ, SQL, World, a_caller, policies

YES = Permit("r", ("a",))
NO = Deny("r", "forbidden", ("never",))
WHY = Deny("r", "remedy-needed", ("say why",), remedies=(ReasonRemedy(),))
ONE = Deny("r", "remedy-needed", ("ask",), remedies=(ApprovalRemedy(((Quorum(1, "dba"),),)),))
NO_READING = '@id("no-reading") forbid (principal, action == Action::"sql.read", resource);'
READING_ASKS = NO_READING.replace("forbid", '@require("reason") forbid')


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (YES, YES, ""), (YES, NO, "denied"), (YES, WHY, "asks"), (NO, YES, "automatic"),
        (NO, NO, ""), (NO, WHY, "askable"), (WHY, NO, "denied"), (WHY, YES, "automatic"),
        (WHY, WHY, ""), (WHY, ONE, "otherwise"),
    ],
)  # fmt: skip
def test_a_change_is_named_by_what_a_person_would_see(
    before: Permit | Deny, after: Permit | Deny, kind: str
) -> None:
    assert changed_to(before, after) == kind
    assert said(after)


async def test_recorded_decisions_are_counted_by_what_becomes_of_them(world: World) -> None:
    client = await world.connect()
    for _ in range(5):
        await world.did(client, READ)
    asking = world.asking(client, DELETE_ALL)
    await world.held(client)
    items, _ = await world.decided_before.page(a_caller(CARL), None, 100)
    asking.cancel()
    for new, kind in ((NO_READING, "denied"), (READING_ASKS, "asks")):
        found = WhatIf()
        found.add(items, policies(POLICIES), policies(POLICIES, new), SQL.honours)
        assert (found.left_out, found.looked_at) == (0, len(items))
        ((group),) = found.groups.values()
        assert (group.kind, group.policies, group.people) == (kind, ("no-reading",), {"ana"})
        assert 1 <= len(group.examples) <= 3
        assert group.examples[0].text == READ.text
        assert found.changed == group.count
    fewer = policies(POLICIES.replace("unless { context.statement.has_where }", "when { false }"))
    found = WhatIf()
    found.add(items, policies(POLICIES), fewer, SQL.honours)
    assert [group.kind for group in found.groups.values()] == ["automatic"]


async def test_what_is_not_kept_is_counted_as_left_out(world: World) -> None:
    await world.did(await world.connect(), READ)
    page: Any = await world.decided_before.page(a_caller(CARL), None, 100)
    items = page[0]
    broken = [{**one, "decision": {**one["decision"], "payload": None}} for one in items]
    found = WhatIf()
    found.add(broken, policies(POLICIES), policies(POLICIES), SQL.honours)
    assert (found.looked_at, found.left_out) == (0, len(items))
