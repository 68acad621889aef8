"""What sessions are lent is given back once, and what crashes left is swept."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from assent.control.live import LiveSession
from assent.core.faults import OutsideFault
from assent.core.ids import GrantId, SessionId
from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session, SessionState
from assent.gateway import leases
from assent.gateway.leases import Leases
from builders import ANA, NOON, SHOP

NOTHING = Privileges({}, True, None, NOON)
SESSION = Session(
    SessionId("ses_1"), ANA.id, SHOP.id, GrantId("grt_1"), "postgres", "shop", "", "",
    SessionState.OPEN, NOON, NOON + timedelta(minutes=30),
)  # fmt: skip


class Broker:
    def __init__(self, *, needs: bool = True) -> None:
        self.needs = needs
        self.lasts_for: timedelta | None = None
        self.away: set[str] = set()
        self.heard: list[object] = []

    def needs_privileges(self, target: Target) -> bool:
        return self.needs

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        self._check(target)
        self.heard.append(privileges)
        expires_at = NOON + self.lasts_for if self.lasts_for else None
        return Lease("leased", Secret("x"), handle=session.id, expires_at=expires_at)

    async def release(self, target: Target, lease: Lease) -> None:
        self._check(target)
        self.heard.append(("released", lease.handle))

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        self._check(target)
        self.heard.append(("swept", target.name, sorted(live)))
        return ["left"]

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        raise AssertionError("a lease is no standing account")

    def _check(self, target: Target) -> None:
        if target.name in self.away:
            raise OutsideFault("away", "it is away")


def a_live_session() -> LiveSession:
    return cast(LiveSession, SimpleNamespace(session=SESSION, target=SHOP))


async def privileges(live: LiveSession) -> Privileges:
    return NOTHING


async def test_only_a_broker_that_asks_is_told_what_a_session_may_do() -> None:
    for needs, told in ((True, NOTHING), (False, None)):
        broker = Broker(needs=needs)
        await Leases(broker, privileges).take(a_live_session())
        assert broker.heard == [told]


async def test_a_lease_is_given_back_once() -> None:
    broker = Broker()
    lent = Leases(broker, privileges)
    await lent.take(a_live_session())
    await lent.give_back(SESSION.id)
    await lent.give_back(SESSION.id)
    assert broker.heard[1:] == [("released", SESSION.id)]


async def test_a_session_ends_with_its_lease() -> None:
    broker = Broker()
    live = a_live_session()
    for lasts_for, ends_at in (
        (timedelta(hours=1), SESSION.ends_at),
        (timedelta(minutes=5), NOON + timedelta(minutes=5)),
    ):
        broker.lasts_for = lasts_for
        await Leases(broker, privileges).take(live)
        assert live.session.ends_at == ends_at


async def test_a_lease_that_does_not_come_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(live: LiveSession) -> Privileges:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(leases, "_DEADLINE_S", 0.01)
    with pytest.raises(OutsideFault, match="no account on `shop`"):
        await Leases(Broker(), never).take(a_live_session())


async def test_what_cannot_be_given_back_keeps_nobody_waiting() -> None:
    broker = Broker()
    lent = Leases(broker, privileges)
    await lent.take(a_live_session())
    broker.away.add("shop")
    await lent.give_back(SESSION.id)
    await lent.sweep([SHOP])


async def test_a_sweep_spares_what_is_lent_and_goes_on_where_a_target_is_away() -> None:
    broker = Broker()
    lent = Leases(broker, privileges)
    await lent.take(a_live_session())
    broker.away.add("gone")
    await lent.sweep([replace(SHOP, name="gone"), SHOP])
    assert broker.heard[1:] == [("swept", "shop", [SESSION.id])]


async def test_sweeping_begins_at_once() -> None:
    broker = Broker()
    running = asyncio.create_task(Leases(broker, privileges).run(lambda: [SHOP]))
    for _ in range(10):
        await asyncio.sleep(0)
    running.cancel()
    assert broker.heard == [("swept", "shop", [])]
