"""A user of Vault's for each session, for as long as the session or as Vault lets it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

import fake_vault
from assent.core.faults import OperatorFault
from assent.core.ids import GrantId, SessionId
from assent.core.secret import Secret
from assent.core.session import Session, SessionState
from assent.credentials.references import References
from assent.credentials.vault import Vault, VaultSettings
from assent.credentials.vault_database import VaultDatabaseBroker
from builders import ANA, NOON, SHOP, FixedClock
from fake_vault import FakeVault

SESSION = Session(
    SessionId("ses_1"), ANA.id, SHOP.id, GrantId("grt_1"), "postgres", "shop", "", "",
    SessionState.OPEN, NOON, NOON + timedelta(minutes=30),
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeVault]:
    with fake_vault.serving() as running:
        running.roles["database/shop"] = 3600
        yield running


@pytest_asyncio.fixture
async def broker(server: FakeVault, tmp_path: Path) -> AsyncIterator[VaultDatabaseBroker]:
    vault = Vault(VaultSettings(server.url, token="root"), Secret)
    references = References(tmp_path, vault)
    yield VaultDatabaseBroker(vault, {"shop": "database/shop"}, references, FixedClock())
    await vault.close()


async def test_a_session_has_a_user_that_is_gone_after_it(
    server: FakeVault, broker: VaultDatabaseBroker
) -> None:
    lease = await broker.lease(SHOP, SESSION, None)
    assert server.leases == {lease.handle: lease.user}
    assert lease.expires_at == NOON + timedelta(hours=1)
    await broker.release(SHOP, lease)
    assert server.leases == {}
    await broker.release(SHOP, lease)
    await broker.release(SHOP, replace(lease, handle=""))


async def test_a_lease_that_is_too_short_is_renewed_as_far_as_it_goes(
    server: FakeVault, broker: VaultDatabaseBroker
) -> None:
    server.roles["database/shop"] = 60
    lease = await broker.lease(SHOP, SESSION, None)
    assert lease.expires_at == SESSION.ends_at
    server.longest_s = 300
    lease = await broker.lease(SHOP, SESSION, None)
    assert lease.expires_at == NOON + timedelta(seconds=300)


async def test_a_role_that_is_not_there_is_the_operators_to_make(
    server: FakeVault, broker: VaultDatabaseBroker
) -> None:
    server.roles.clear()
    with pytest.raises(OperatorFault, match="nothing at `database/creds/shop`"):
        await broker.lease(SHOP, SESSION, None)


async def test_a_vault_that_fails_at_the_end_is_no_fault_of_the_session(
    server: FakeVault, broker: VaultDatabaseBroker
) -> None:
    lease = await broker.lease(SHOP, SESSION, None)
    server.say = (500, b"")
    await broker.release(SHOP, lease)
    assert await broker.sweep(SHOP, ()) == []


async def test_the_gateways_own_connections_use_the_configured_account(
    server: FakeVault, broker: VaultDatabaseBroker
) -> None:
    server.secrets["secret/data/shop"] = {"password": "hunter2"}
    target = replace(SHOP, credential="vault:secret/data/shop#password")
    user, password = await broker.standing(target)
    assert (user, password.reveal()) == (target.user, "hunter2")
