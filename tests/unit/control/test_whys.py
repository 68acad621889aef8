"""Why: policies with their text as it was, the facts they asked about, what would change it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assent.core.changes import PutPolicyRevision
from assent.core.faults import MissingFault
from assent.core.policy_revision import PolicyRevision
from assent.core.request import Verdict
from assent.policy import revision_of
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    NOON,
    POLICIES,
    READ,
    TIM,
    World,
    a_caller,
    a_world,
    policies,
)

RISKY = """
@id("risky") @require("approve: 1 of security")
forbid (principal, action, resource) when { context.risk.score >= 99 };
"""


async def kept(world: World, *texts: str) -> None:
    """Keep the text of what is in force, as a start does."""
    sources = {f"{number:02}.cedar": text for number, text in enumerate((POLICIES, *texts))}
    revision = PolicyRevision(revision_of(sources), sources, NOON)
    assert revision.revision == world.policies.current.revision
    await world.store.commit((PutPolicyRevision(revision),), ())


async def told(world: World, about: str, who: Any = CARL) -> list[Mapping[str, Any]]:
    found: Any = await world.explain.explain(a_caller(who), about)
    return list(found["why"])


async def test_a_refused_statement_is_told_with_its_policy_as_it_was(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await kept(world)
        client = await world.connect()
        asking = world.asking(client, DELETE_ALL)
        request = await world.held(client)
        # What is in force now is something else; what counts is what was in force then.
        world.policies.replace(policies(POLICIES.replace("a DBA must assent", "otherwise")))
        (why,) = await told(world, request, ANA)
        assert why["words"] == ["it had to be asked for, because of `where`", "a DBA must assent"]
        (policy,) = why["policies"]
        assert '@message("a DBA must assent")' in policy["text"]
        assert (policy["file"], policy["effect"]) == ("00.cedar", "forbid")
        assert policy["facts"][0]["values"] == {"statement.has_where": False}
        assert why["needs"] == ["assent of 1 of dba"]
        asking.cancel()


async def test_what_nobody_was_asked_for_names_the_guards_that_did_not_match(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, RISKY) as world:
        await kept(world, RISKY)
        client = await world.connect()
        answer = await world.ask(client, READ)
        (why,) = await told(world, answer.entry, ANA)
        assert why["words"][0] == "permitted by `statements`, and nobody had to be asked"
        (near,) = why["near"]
        assert near["id"] == "risky"
        assert near["facts"][0]["values"] == {"risk.score": why["score"]}
        assert any("from a risk of 99: `risky` asks for" in words for words in why["otherwise"])


async def test_a_denial_for_want_of_a_permit_names_the_permits_that_there_are(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        await kept(world)
        with pytest.raises(Exception, match="no policy permits"):
            await world.access.ask(a_caller(CARL), "shop", None, "", "")
        items, _ = await world.decided_before.page(a_caller(CARL), None, 1)
        decision: Any = items[0]["decision"]
        (why,) = await told(world, decision["id"])
        assert {one["id"] for one in why["near"]} == {"request", "request-temp"}
        assert why["code"] == "no-permit"


async def test_approvals_are_told_with_who_and_when(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await kept(world)
        client = await world.connect()
        asking = world.asking(client, DELETE_ALL)
        request = await world.held(client)
        await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "go on")
        await asking
        found: Any = await world.explain.explain(a_caller(ANA), request)
        (approval,) = found["approvals"]
        assert (approval["who"], approval["verdict"], approval["comment"]) == (
            "ben",
            "approve",
            "go on",
        )
        assert "after the assent of one person" in found["why"][0]["words"][0]


async def test_an_action_is_found_by_its_id_for_those_who_may_know(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await kept(world)
        client = await world.connect()
        action, _ = await world.decided(world.ask(client, READ))
        assert len(await told(world, action.id, ANA)) == 1
        for about, who in ((action.id, TIM), ("act_none", CARL)):
            with pytest.raises(MissingFault, match="among the newest"):
                await told(world, about, who)


async def test_what_is_not_kept_is_said_and_the_rest_told(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        client = await world.connect()
        answer = await world.ask(client, READ)
        (why,) = await told(world, answer.entry)
        assert "is not kept" in why["missing"]
        assert why["words"]
        await kept(world)
        (why,) = await told(world, answer.entry)
        assert not why["missing"]
        found: Any = await world.explain.explain(a_caller(CARL), answer.entry)
        decision = {**found["entries"][-1], "payload": None}
        bare = await world.explain._whys.why(None, decision)
        assert "evidence is not kept" in str(bare["missing"])
        assert bare["policies"]
