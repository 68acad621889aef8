"""What a device says counts when it is signed, dated, said for the first time, and admitted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.audit.device_statements import report_message, report_of
from assent.control.device_proofs import CONNECT, REPORT
from assent.control.device_reports import CLOCKS_DIFFER
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from builders import ANA, BEN, DORA, World
from device_worlds import KEPT, admitted, enrolled, report, signed, signed_in

SECOND = timedelta(seconds=1)


async def test_a_report_is_kept_is_in_the_log_and_is_evidence(world: World) -> None:
    caller = await signed_in(world)
    key = await admitted(world, caller)
    said = await report(world, caller, key)
    assert (said.owner, said.disk_encrypted, said.patch_age_days) == ("ben", True, 3)
    assert await world.plane.devices.evidence.of(BEN.id, key.id) == said
    assert world.journal[-1] == "device.reported"


async def test_a_device_that_nobody_admitted_is_no_evidence_whatever_it_says(
    world: World,
) -> None:
    caller = await signed_in(world)
    key = await enrolled(world, caller)
    await report(world, caller, key)
    assert await world.plane.devices.evidence.of(BEN.id, key.id) is None


async def test_nobody_says_of_themselves_that_they_are_managed(world: World) -> None:
    caller = await signed_in(world)
    key = await admitted(world, caller)
    assert (await report(world, caller, key, managed=True)).managed is None


async def test_what_was_said_too_long_ago_is_not_known_any_more(world: World) -> None:
    caller = await signed_in(world)
    key = await admitted(world, caller)
    await report(world, caller, key)
    valid_for = world.plane.devices.evidence.rules.report_valid_for
    world.clock.advance(valid_for)
    found = await world.plane.devices.evidence.of(BEN.id, key.id)
    assert found is not None
    assert found.firewall is True
    world.clock.advance(SECOND)
    found = await world.plane.devices.evidence.of(BEN.id, key.id)
    assert found is not None
    assert (found.firewall, found.patch_age_days, found.key) == (None, None, key.id)


async def test_a_report_counts_once_and_only_where_its_device_signed_it(world: World) -> None:
    caller, proofs = await signed_in(world), world.plane.devices.proofs
    key, reports = await admitted(world, caller), world.plane.devices.reports
    begun = await proofs.challenge(caller, key.id, REPORT)
    said = report_of(key.id, begun.text, replace(KEPT, reported_at=world.clock.now()), "tests")
    signature = signed(report_message(said))
    await reports.report(caller, key.id, said, signature)
    with pytest.raises(ConflictFault, match="was used"):
        await reports.report(caller, key.id, said, signature)
    with pytest.raises(ForbiddenFault, match="does not fit"):
        await report(world, caller, key, seed=2)
    other = await proofs.challenge(caller, key.id, CONNECT)
    mixed = said | {"challenge": other.text}
    with pytest.raises(ConflictFault, match="for something else"):
        await reports.report(caller, key.id, mixed, signed(report_message(mixed)))


async def test_a_report_of_another_hour_of_another_device_or_of_no_sense_is_refused(
    world: World,
) -> None:
    caller = await signed_in(world)
    key = await admitted(world, caller)
    for at in (world.clock.now() - CLOCKS_DIFFER - SECOND, world.clock.now() + CLOCKS_DIFFER * 2):
        with pytest.raises(ConflictFault, match="set the device's clock"):
            await report(world, caller, key, when=at)
    for wrong in ({"device": "key_2"}, {"firewall": "yes"}, {"patch_age_days": -1}, {"at": "soon"}):
        with pytest.raises(ConflictFault, match="this report"):
            await report(world, caller, key, **wrong)
    with pytest.raises(MissingFault):
        await report(world, await signed_in(world, DORA), key)


async def test_open_sessions_on_the_device_are_decided_on_what_it_says_now(world: World) -> None:
    caller = await signed_in(world, ANA)
    key = await admitted(world, caller)
    await report(world, caller, key)
    client = await world.connect()
    live = client.session
    live.session = replace(live.session, device=key.id)
    live.device = await world.plane.devices.evidence.of(ANA.id, key.id)
    before = live.epoch.value
    world.clock.advance(SECOND)
    await report(world, caller, key, replace(KEPT, firewall=False))
    assert live.device is not None
    assert live.device.firewall is False
    assert live.epoch.value > before
