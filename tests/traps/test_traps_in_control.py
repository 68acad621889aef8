"""Traps that others fell into, as their own trackers tell it: those of requests and grants.

One test for each rule of docs/explanation/traps.md, on a whole control plane and a real store.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio

from assent.api import build_app
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import RequestId
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.request import Request, RequestState, Verdict
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind
from assent.notifiers.posting import Posting
from assent.notifiers.signing import Intent, Intents
from assent.notifiers.slack_clicks import SlackApp, SlackClicks
from assent.workflow.wishes import Wish
from assent_verify.report import ExitCode
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    DORA,
    MINUTE,
    POLICIES,
    READ,
    SHOP,
    SQL,
    TIM,
    FixedClock,
    World,
    a_caller,
    a_subject,
    a_world,
    asking_to,
    disabled,
    policies,
    restarted,
    until,
)
from channel_peers import http_peer
from channels import Channel
from emergency_world import EMERGENCY, broken, caller_of
from memory_plane import NOON as PLANE_NOON
from memory_plane import MemoryPlane
from unit.audit.audit_builders import (
    a_signer,
    an_export,
    checkpoint_of,
    stored,
    story,
    verify,
)

FROZEN = """
@id("freeze") @message("nothing is deleted now")
forbid (principal, action == Action::"sql.delete", resource);
"""
CLOSED = """
@id("closed") @message("the shop is closed")
forbid (principal, action == Action::"access.request", resource);
"""
DAYS = '@id("temps-ask") @hold("3d") @escalate("2h: security") @require('
PATIENT = POLICIES.replace('@id("temps-ask") @require(', DAYS)
EVERYTHING = '@id("all") permit (principal, action, resource);'


@pytest.fixture
def chat() -> Channel:
    return Channel()


@pytest_asyncio.fixture
async def world(tmp_path: Path, chat: Channel) -> AsyncIterator[World]:
    async with a_world(tmp_path, notifiers=(chat,)) as built:
        yield built


async def asked(world: World, by: Subject = TIM, wish: Wish | None = None) -> Request:
    return await world.access.ask(a_caller(by), "shop", None, "", "", wish or Wish())


async def approve(world: World, request: RequestId, by: Subject = BEN) -> Request:
    return await world.requests.answer(a_caller(by), request, Verdict.APPROVE, "")


def granted(world: World, to: Subject = TIM) -> list[Grant]:
    return world.grants.valid(to.id, SHOP.id, world.clock.now())


async def later(world: World, by: timedelta) -> None:
    """Let time pass, and what it brings happen and be told."""
    world.clock.advance(by)
    await world.sweep.once()
    await world.timers.once()
    for _ in range(3):
        await world.outbox.deliver()


# An approval is valid when it is given, and not when it is used (mcp-hangar#674).


async def test_what_was_assented_to_does_not_run_once_policies_forbid_it(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    world.policies.replace(policies(POLICIES, FROZEN))
    await approve(world, request)
    answer = await asking
    assert isinstance(answer, Refused)
    assert "nothing is deleted now" in answer.message
    assert (await world.stored(request)).state is RequestState.REJECTED


async def test_access_that_was_assented_to_is_not_given_once_policies_forbid_it(
    world: World,
) -> None:
    request = await asked(world)
    world.policies.replace(policies(POLICIES, CLOSED))
    await approve(world, request.id)
    assert granted(world) == []
    assert (await world.stored(request.id)).state is RequestState.REJECTED


async def test_what_was_assented_to_does_not_run_once_its_grant_is_gone(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    (grant,) = granted(world, ANA)
    await world.grants.revoke_by_system(grant.id, "it was a mistake")
    with suppress(ConflictFault):
        await approve(world, request)
    assert isinstance(await asking, Refused)
    assert (await world.stored(request)).state is not RequestState.RELEASED


async def test_an_assent_is_to_one_digest_and_counts_for_no_other_text(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await approve(world, request)
    assert isinstance(await asking, Permitted)
    other = asking_to("sql.delete", "delete from customers", has_where=False)
    again = world.asking(client, other)
    await until(lambda: len({one.request for one in client.held}) == 2)
    assert not again.done()
    await world.requests.withdraw(a_caller(ANA), RequestId(client.held[-1].request))
    assert isinstance(await again, Refused)


# The first of two grants that expires takes the second with it (TEAM#279).


async def test_access_is_the_union_of_grants_and_ends_with_the_last(world: World) -> None:
    first = await world.access.ask(a_caller(ANA), "shop", 10 * MINUTE, "", "")
    second = await world.access.ask(a_caller(ANA), "shop", 20 * MINUTE, "", "")
    client = await world.connect()
    await later(world, 11 * MINUTE)
    assert client.cuts == []
    assert [grant.id for grant in granted(world, ANA)] == [second.grant]
    assert isinstance(await world.did(client, READ), Permitted)
    assert second.grant is not None
    await world.grants.revoke(a_caller(ANA), second.grant, "done")
    assert client.cuts != []
    assert first.grant != second.grant


# The clock of a grant starts when it is asked for (teleport#50011).


async def test_a_grant_lasts_from_the_assent_and_not_from_the_question(world: World) -> None:
    request = await asked(world)
    world.clock.advance(14 * MINUTE)
    await approve(world, request.id)
    (grant,) = granted(world)
    assert grant.starts_at == world.clock.now()
    assert grant.ends_at - grant.starts_at == 30 * MINUTE


async def test_a_clock_that_starts_at_first_use_has_not_started_by_asking(world: World) -> None:
    request = await asked(world, ANA, Wish(first_use=True))
    world.clock.advance(timedelta(hours=2))
    await world.connect()
    assert request.grant is not None
    grant = world.grants.get(request.grant)
    assert grant is not None
    assert grant.began_at == world.clock.now()
    assert grant.ends_at - world.clock.now() == 30 * MINUTE


# Idle time and keep-alives race with the end of a session (teleport#32073, warpgate#1559).


async def test_waiting_for_an_answer_is_not_idle_and_silence_ends_nothing(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    for _ in range(14):
        await later(world, MINUTE)
    assert client.cuts == []
    assert not asking.done()
    await approve(world, request)
    assert isinstance(await asking, Permitted)
    await later(world, 5 * MINUTE)
    assert client.cuts == []
    # Nothing a client sends makes its time longer, either.
    await world.did(client, READ)
    await later(world, MINUTE)
    assert client.cuts != []


# What waits longer than an hour is gone (teleport#17277).


async def test_a_request_waits_as_long_as_the_policy_says_and_is_not_forgotten(
    world: World, chat: Channel
) -> None:
    world.policies.replace(policies(PATIENT))
    request = await asked(world)
    assert request.deadline_at - request.created_at == timedelta(days=3)
    for _ in range(71):
        await later(world, timedelta(hours=1))
    topics = chat.topics()
    assert topics.count("request.reminder") >= 5
    assert any(("carl" in names) for topic, names in chat.told if topic == "request.asked")
    await approve(world, request.id)
    assert len(granted(world)) == 1


# A hundred reviewers are told of everything (teleport#39390, TEAM#191).


async def test_of_a_hundred_who_may_answer_few_are_asked_and_all_of_them_hear_the_end(
    world: World, chat: Channel
) -> None:
    world.replace_people(*(a_subject(f"p{number:03}", "dba") for number in range(100)))
    request = await asked(world)
    await world.outbox.deliver()
    [(_, first)] = chat.told
    assert len(first) == 2
    await later(world, 2 * MINUTE)
    told = {name for topic, names in chat.told if topic == "request.asked" for name in names}
    assert 2 < len(told) <= 4
    await approve(world, request.id)
    await later(world, timedelta())
    settled = [set(names) for topic, names in chat.told if topic == "request.settled"]
    assert settled == [told]
    # It takes the place of the question, so that nobody follows a link to what is over.
    earlier = dict(zip(chat.topics(), chat.earlier, strict=True))
    assert chat.earlier[:2] == ["", "message-1"]
    assert earlier["request.settled"] == "message-2"


async def test_a_question_that_was_answered_before_it_went_out_is_never_told(
    world: World, chat: Channel
) -> None:
    chat.away = True
    request = await asked(world)
    await world.outbox.deliver()
    await approve(world, request.id)
    chat.away = False
    for _ in range(5):
        await later(world, MINUTE)
    assert "request.asked" not in chat.topics()


# People who were disabled are asked and answer (TEAM#187).


async def test_who_is_disabled_is_not_asked_cannot_answer_and_no_longer_counts(
    world: World,
) -> None:
    two = POLICIES.replace("approve: 1 of dba", "approve: 2 of dba")
    world.policies.replace(policies(two))
    request = await asked(world)
    await approve(world, request.id, BEN)
    world.replace_people(disabled(BEN))
    await approve(world, request.id, DORA)
    assert granted(world) == []
    current = await world.stored(request.id)
    assert current.state is RequestState.PENDING
    assert world.requests.unmet(current) == ("assent of 1 of dba",)
    world.replace_people(disabled(DORA))
    other = await asked(world)
    assert list(world.requests.asked(other)) == []
    with pytest.raises(ForbiddenFault):
        await approve(world, other.id, DORA)


# What is held in a transaction keeps its locks (agentsh: five minutes, then one).


async def test_in_a_transaction_what_is_held_waits_a_minute_and_outside_of_one_longer(
    world: World,
) -> None:
    client = await world.connect()
    inside = asking_to("sql.delete", "delete from orders", has_where=False, in_transaction=True)
    asking = world.asking(client, inside)
    short = await world.stored(await world.held(client))
    assert short.deadline_at - short.created_at == MINUTE
    await later(world, MINUTE)
    answer = await asking
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.TIMED_OUT
    client.held.clear()
    outside = world.asking(client, DELETE_ALL)
    long = await world.stored(await world.held(client))
    assert long.deadline_at - long.created_at == 15 * MINUTE
    await world.requests.withdraw(a_caller(ANA), long.id)
    await outside


# What nobody could classify counts as harmless.


async def test_what_is_not_understood_is_not_permitted_by_rules_for_what_is(world: World) -> None:
    world.policies.replace(policies(POLICIES))
    client = await world.connect()
    answer = await world.ask(client, asking_to("sql.unknown", "do $$ begin end $$"))
    assert isinstance(answer, Refused)


async def test_a_statement_that_was_read_in_part_is_refused_by_a_rule_that_permits_all(
    world: World,
) -> None:
    world.policies.replace(policies(POLICIES, EVERYTHING))
    client = await world.connect()
    partly = replace(READ, statement=replace(READ.statement, complete=False))
    answer = await world.ask(client, partly)
    assert isinstance(answer, Refused)


# Emergency access happens outside of the audit (the guide of Teleport).


async def test_breaking_the_glass_is_in_the_log_is_told_loudly_and_has_to_be_reviewed(
    tmp_path: Path, chat: Channel
) -> None:
    honours = SQL.honours | {"record_results"}
    async with a_world(tmp_path, EMERGENCY, honours=honours, notifiers=(chat,)) as world:
        taken = await broken(world, caller_of(world, "ana"))
        assert {"decision", "grant.issued", "review.opened", "credential.minted"} <= set(
            world.journal
        )
        await world.outbox.deliver()
        assert any(notice.loud for notice in chat.notices)
        assert taken.opened.password.reveal() not in await world.log()
        (review,) = taken.reviews
        assert review.subject == ANA.id
        # Without a log there is no emergency access, either.
        world.store.refused_kinds.add("review.opened")
        with pytest.raises(Exception, match="store"):
            await broken(world, caller_of(world, "ana"))


# The control process restarts, and nobody knows what was waited for.


async def test_what_was_held_outlives_the_process_and_is_let_go_once(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    again = await restarted(world)
    await approve(again, request)
    clients = [await again.connect(), await again.connect()]
    one, two = (again.asking(each, DELETE_ALL) for each in clients)
    await until(lambda: one.done() or two.done())
    first, other = (one, two) if one.done() else (two, one)
    assert isinstance(first.result(), Permitted)
    assert first.result().request == request
    index = 0 if other is one else 1
    await until(lambda: clients[index].held)
    assert not other.done()
    assert clients[index].held[-1].request != request
    await again.requests.withdraw(a_caller(ANA), RequestId(clients[index].held[-1].request))
    await other


async def test_access_that_was_assented_to_while_the_process_was_ending_is_granted_once(
    world: World,
) -> None:
    request = await asked(world)
    world.store.refused_kinds.add("grant.issued")
    with pytest.raises(Exception, match="store"):
        await approve(world, request.id)
    world.store.refused_kinds.clear()
    again = await restarted(world)
    assert len(granted(again)) == 1
    third = await restarted(world)
    assert [grant.id for grant in granted(third)] == [grant.id for grant in granted(again)]


# Whoever has the link, or administers the chat, approves (teleport-plugins#121, teleport#52348).


async def test_a_click_in_a_chat_answers_nothing_signed_or_not() -> None:
    secret = Secret("the signing secret")
    async with http_peer() as slack:
        plane, clock = MemoryPlane(), FixedClock(PLANE_NOON)
        posting = Posting("Slack", clock, 0.5)
        clicks = SlackClicks([SlackApp(secret, slack.url)], posting, clock, "http://assent.test")
        app = build_app(plane.plane, "http://assent.test", lambda: ("gate.test", 6432), clicks)
        held = await plane.hold()
        action = {"value": Intents(secret).written(Intent("approve", held.id))}
        said = {"type": "block_actions", "actions": [action], "response_url": f"{slack.url}/a"}
        body = urlencode({"payload": json.dumps(said)}).encode()
        timestamp = str(int(PLANE_NOON.timestamp()))
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as http:
            statuses = []
            for key in (b"somebody else's", secret.reveal().encode()):
                mac = hmac.new(key, f"v0:{timestamp}:".encode() + body, hashlib.sha256)
                headers = {
                    "x-slack-request-timestamp": timestamp,
                    "x-slack-signature": f"v0={mac.hexdigest()}",
                }
                answer = await http.post("/v1/slack/interactions", content=body, headers=headers)
                statuses.append(answer.status_code)
        await posting.close()
    assert statuses == [403, 200]
    after = await plane.store.request(held.id)
    assert after is not None
    assert (after.state, after.approvals) == (RequestState.PENDING, ())


# The key of the log lies beside the log (AccessFlow, agentsh).


def test_a_log_rewritten_with_its_own_key_is_found_by_a_checkpoint_kept_elsewhere() -> None:
    entries = story(12)
    kept = checkpoint_of(stored(entries), 9, a_signer()).note
    assert verify(an_export(entries, [9]), kept).exit_code is ExitCode.GOOD
    rewritten = [*entries[:3], *entries[6:]]
    # By itself it is a log like any other: whoever has the key can write one.
    assert verify(an_export(rewritten)).exit_code is ExitCode.GOOD
    assert verify(an_export(rewritten), kept).exit_code is ExitCode.TAMPERED


# An agent approves what it asked for itself.


async def test_no_agent_answers_and_neither_does_who_stands_behind_the_one_that_asks(
    world: World,
) -> None:
    agent = Subject(
        TIM.id, "tim", SubjectKind.AGENT, groups=frozenset({"temps"}), on_behalf_of=BEN.id
    )
    robot = replace(a_subject("robot", "dba"), kind=SubjectKind.WORKLOAD)
    other = replace(a_subject("other", "dba"), kind=SubjectKind.AGENT, on_behalf_of=DORA.id)
    # An agent is in no group that the person behind it is not in.
    ben = replace(BEN, groups=BEN.groups | {"temps"})
    world.replace_people(agent, robot, other, ben)
    request = await asked(world, agent)
    for nobody in (robot, other, agent, ben):
        with pytest.raises((ForbiddenFault, MissingFault)):
            await approve(world, request.id, nobody)
    assert granted(world) == []
    await approve(world, request.id, DORA)
    assert len(granted(world)) == 1


# The preview that an approver gets leaks secrets, or hides what matters.


async def test_a_notice_leaves_out_the_statement_and_the_document_shows_all_of_it(
    world: World, chat: Channel
) -> None:
    client = await world.connect()
    text = "delete from orders -- card 4111111111111111"
    asking = world.asking(client, asking_to("sql.delete", text, has_where=False))
    request = await world.held(client)
    await world.outbox.deliver()
    said = "\n".join(line for notice in chat.notices for line in (notice.headline, *notice.lines))
    assert "4111111111111111" not in said
    assert "sql.delete on shop" in said
    shown = await world.plane.showing.shown(await world.stored(request))
    action = shown.document["action"]
    assert isinstance(action, dict)
    assert action["bound"]["text"] == text
    assert action["digest"] == (await world.stored(request)).action_digest
    again = await world.plane.showing.check(await world.stored(request), shown.digest)
    assert again.digest == shown.digest
    with pytest.raises(ConflictFault, match="changed"):
        await world.plane.showing.check(await world.stored(request), "sha256:something-else")
    await world.requests.withdraw(a_caller(ANA), request)
    await asking
