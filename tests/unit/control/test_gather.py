"""Evidence: what cannot be had in time is named, and never guessed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import pytest

from assent.control import gather
from assent.control.gather import Circumstances, Gatherer, Sources
from assent.core.action import Action
from assent.core.evidence import Connection, Evidence, Presence, SessionSoFar
from assent.core.faults import MissingFault, OutsideFault
from assent.core.grant import Delegation
from assent.core.ids import ApprovalId
from assent.core.network import Network, Sighting
from assent.core.request import Approval, Verdict
from assent.core.signal import Signal, SignalStatus
from assent.risk.budget import Budget, Thresholds
from assent.signals import SIGNALS
from builders import (
    ANA,
    BEN,
    DORA,
    MINUTE,
    NOON,
    OFFICE,
    READ,
    World,
    a_caller,
    a_grant,
    a_request,
    a_subject,
    a_world,
    an_action,
)

HOME = Network("198.51.100.7", "198.51.100.0/24", 64500, "Home", "DE")


def an_approval(request: object, verdict: Verdict, digest: str, who: object = BEN) -> Approval:
    return Approval(
        ApprovalId(f"apr_{who.name}"),  # type: ignore[attr-defined]
        request.id,  # type: ignore[attr-defined]
        who.id,  # type: ignore[attr-defined]
        verdict,
        digest,
        NOON,
    )


def sources(world: World) -> Sources:
    return world.decider._gatherer._from


async def gathered(
    world: World,
    circumstances: Circumstances | None = None,
    *,
    action: Action | None = None,
    now: datetime = NOON,
    **changes: Any,
) -> Evidence:
    """Return the evidence for an action, with some sources replaced."""
    gatherer = Gatherer(replace(sources(world), **changes))
    evidence, _ = await gatherer.gather(
        action or an_action(), circumstances or Circumstances(), now
    )
    return evidence


def measured(evidence: Evidence) -> dict[str, Signal]:
    return {plugin.name: plugin.measure(an_action(), evidence, NOON) for plugin in SIGNALS}


async def hangs(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def fails(*_: object, **__: object) -> None:
    raise OutsideFault("store-unavailable", "away")


class Source:
    """Answers every question by `behave`; nothing of anybody is here yet."""

    def __init__(self, behave: Callable[..., Any]) -> None:
        self.counts = self.ready = behave

    def is_ready(self, subject: str) -> bool:
        return False

    def learned_at(self, subject: str) -> None:
        return None

    def of(self, subject: str, now: datetime) -> tuple[()]:
        return ()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    # The sources that do answer must be in time on a machine that does much else besides.
    monkeypatch.setattr(gather, "_DEADLINE_S", 3.0)


@pytest.mark.parametrize("behave", [hangs, fails])
@pytest.mark.parametrize(
    ("source", "kind", "speaks"),
    [
        ("history", "history", None),
        ("learning", "known", "first_time_resource"),
        ("warnings", "events", "security_events"),
    ],
)
async def test_a_source_that_hangs_or_fails_is_unavailable_and_its_signals_say_so(
    world: World, behave: Callable[..., Any], source: str, kind: str, speaks: str | None
) -> None:
    evidence = await gathered(world, **{source: Source(behave)})
    assert evidence.unavailable == {kind}
    assert evidence.history == {} or kind != "history"
    assert (evidence.known is None) == (kind == "known")
    if speaks is not None:
        assert measured(evidence)[speaks].status is SignalStatus.UNAVAILABLE


async def test_what_a_door_could_not_bring_is_unavailable(world: World) -> None:
    without = Circumstances(connection=Connection("192.0.2.1"), unavailable=frozenset({"presence"}))
    evidence = await gathered(world, without)
    assert evidence.unavailable == {"presence"}
    assert measured(evidence)["failures"].status is SignalStatus.UNAVAILABLE
    assert measured(evidence)["dormant_account"].status is SignalStatus.UNAVAILABLE


async def test_nothing_is_unavailable_where_all_sources_answer(world: World) -> None:
    evidence = await gathered(world)
    assert evidence.unavailable == frozenset()
    assert evidence.known is not None


async def test_evidence_for_somebody_who_is_gone_is_a_fault(world: World) -> None:
    with pytest.raises(MissingFault):
        await gathered(world, action=an_action(subject=a_subject("eve")))


async def test_only_approvals_of_exactly_this_action_are_evidence(world: World) -> None:
    request = a_request()
    right = an_approval(request, Verdict.APPROVE, request.action_digest)
    other = an_approval(request, Verdict.APPROVE, "sha256:00", DORA)
    no = an_approval(request, Verdict.REJECT, request.action_digest, ANA)
    circumstances = Circumstances(request=replace(request, approvals=(right, other, no)))
    evidence = await gathered(world, circumstances, action=request.action)
    assert evidence.approvals == (right,)
    assert set(evidence.approvers) == {BEN.id}
    changed = replace(request.action, parameters=("1",))
    assert (await gathered(world, circumstances, action=changed)).approvals == ()


async def test_grants_that_are_over_are_no_evidence(world: World) -> None:
    grant = a_grant()
    circumstances = Circumstances(grants=(grant,))
    just_before = grant.ends_at - timedelta(microseconds=1)
    assert (await gathered(world, circumstances, now=grant.ends_at)).grants == ()
    assert (await gathered(world, circumstances, now=just_before)).grants == (grant,)


async def test_what_the_requester_said_is_evidence(world: World) -> None:
    request = replace(a_request(), reason="the report", ticket="T-1")
    evidence = await gathered(world, Circumstances(request=request), action=request.action)
    assert (evidence.reason, evidence.ticket) == ("the report", "T-1")
    assert evidence.at == NOON


async def test_what_the_door_knows_of_the_session_is_evidence(world: World) -> None:
    so_far = SessionSoFar(actions=3, rows=70, previous="sql.read public.orders")
    presence = Presence(last=Sighting(1, "192.0.2.9"), failures=2)
    circumstances = Circumstances(session=so_far, presence=presence)
    evidence = await gathered(world, circumstances)
    assert (evidence.session, evidence.presence) == (so_far, presence)


class Book:
    """Knows one place."""

    dates: ClassVar[Mapping[str, datetime]] = {}

    def look_up(self, address: str) -> Network:
        return HOME if address == HOME.address else Network(address)


async def test_without_files_of_networks_an_address_is_all_that_is_known(world: World) -> None:
    here = Circumstances(connection=Connection(HOME.address))
    evidence = await gathered(world, here)
    assert evidence.network is not None
    assert (evidence.network.address, evidence.network.country) == (HOME.address, "")
    assert "asn" in evidence.network.unavailable
    assert evidence.not_configured == {"device", "network"}
    evidence = await gathered(world, here, network=Book())
    assert evidence.network == HOME
    assert evidence.not_configured == {"device"}
    assert (await gathered(world, network=Book())).network is None


async def test_hours_are_those_of_the_persons_zone(world: World) -> None:
    east = replace(ANA, time_zone="east")
    zones = {"east": timezone(timedelta(hours=5, minutes=30))}
    assert (await gathered(world, zones=zones)).local_offset_min is None
    world.replace_people(east)
    assert (await gathered(world, zones=zones)).local_offset_min == 330
    assert (await gathered(world)).local_offset_min is None


async def test_tenure_counts_whole_days_and_is_never_negative(world: World) -> None:
    assert (await gathered(world)).tenure_days is None
    for since, days in ((NOON - timedelta(days=9, hours=23), 9), (NOON + timedelta(days=2), 0)):
        world.replace_people(replace(ANA, since=since, verified_by="dora", verified_at=since))
        evidence = await gathered(world)
        assert evidence.tenure_days == days
        assert (evidence.verified_by, evidence.verified_at) == ("dora", since)


async def test_the_levels_in_force_are_evidence(world: World) -> None:
    evidence = await gathered(world)
    assert (evidence.medium_from, evidence.high_from) == (25, 60)
    evidence = await gathered(world, thresholds=Thresholds(None, 15, 33))
    assert (evidence.medium_from, evidence.high_from) == (15, 33)


async def test_the_levels_of_a_budget_are_those_of_the_targets_environment(world: World) -> None:
    thresholds = Thresholds(Budget(10_000, 1_000))
    for score in range(1_000):
        thresholds.count(sources(world).directory.targets()[0].environment, score % 50)
        thresholds.count("elsewhere", 1)
    evidence = await gathered(world, thresholds=thresholds)
    assert (evidence.medium_from, evidence.high_from) == thresholds.of("dev")
    assert evidence.medium_from > thresholds.of("elsewhere")[0]


async def test_an_access_request_brings_where_the_person_was_last_and_who_failed(
    world: World,
) -> None:
    client = await world.connect(address=OFFICE)
    await world.sessions.ending.end(client.session, "done")
    world.clock.advance(5 * MINUTE)
    world.warnings.refused(ANA.id)
    asking = world.access.ask(a_caller(ANA), "shop", None, "", "")
    action, asked = await world.decided(asking)
    assert action.verb == "access.request"
    assert asked.evidence.presence.last is not None
    assert asked.evidence.presence.last.address == OFFICE
    assert asked.evidence.presence.last.at_s == int(NOON.timestamp())
    assert asked.evidence.presence.failures == 1
    assert asked.evidence.session is None


async def test_a_session_brings_where_its_credential_was_minted_and_other_sessions(
    world: World,
) -> None:
    first = await world.connect(address=OFFICE)
    second = await world.connect(address=HOME.address)
    _, read = await world.decided(world.ask(second, READ))
    presence = read.evidence.presence
    assert presence.minted is not None
    assert presence.minted.address == "127.0.0.1"
    assert [other.address for other in presence.others] == [OFFICE]
    assert presence.last is not None
    assert presence.last.address == OFFICE
    await world.sessions.ending.end(first.session, "done")
    _, read = await world.decided(world.ask(second, READ))
    assert read.evidence.presence.others == ()


async def test_a_session_that_cannot_learn_where_its_person_is_says_so(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.opened()
        world.store.sessions = fails
        client = await world.connected(ANA, OFFICE)
        _, read = await world.decided(world.ask(client, READ))
        assert "presence" in read.evidence.unavailable
        assert measured(read.evidence)["impossible_travel"].status is SignalStatus.UNAVAILABLE


async def test_offers_count_and_what_was_withdrawn_does_not(world: World) -> None:
    request = a_request()
    offer = an_approval(request, Verdict.OFFER, request.action_digest)
    gone = an_approval(request, Verdict.APPROVE, request.action_digest, DORA)
    approvals = (offer, replace(gone, withdrawn_at=NOON))
    circumstances = Circumstances(request=replace(request, approvals=approvals))
    evidence = await gathered(world, circumstances, action=request.action)
    assert evidence.approvals == (offer,)
    assert evidence.asked_at == request.created_at


async def test_in_whose_place_the_approvers_may_answer_is_evidence(world: World) -> None:
    request = a_request()
    approvals = tuple(
        an_approval(request, Verdict.APPROVE, request.action_digest, who) for who in (BEN, DORA)
    )
    held = {BEN.id: (Delegation(DORA.id, "dba"),)}
    circumstances = Circumstances(request=replace(request, approvals=approvals))
    evidence = await gathered(
        world,
        circumstances,
        action=request.action,
        delegations=lambda who, now: held.get(who, ()) if now == NOON else (),
    )
    assert evidence.delegations == held
