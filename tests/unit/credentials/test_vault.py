"""What Vault is asked and how its answers are read, over HTTP, against a stand-in for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import fake_vault
from assent.core.faults import Fault, OperatorFault, OutsideFault
from assent.core.secret import Secret
from assent.credentials.vault import Vault, VaultSettings
from fake_vault import FakeVault

HOUR = timedelta(hours=1)
KNOWN = {"token": "root", "role": fake_vault.ROLE_ID, "secret": fake_vault.SECRET_ID}


@pytest.fixture
def server() -> Iterator[FakeVault]:
    with fake_vault.serving() as running:
        running.secrets["secret/data/shop"] = {"password": "hunter2", "number": 7}
        running.roles["database/shop"] = 600
        yield running


@asynccontextmanager
async def by_token(server: FakeVault, **more: str) -> AsyncIterator[Vault]:
    settings = VaultSettings(server.url, token="token", **more)
    vault = Vault(settings, lambda reference: Secret(KNOWN[reference]))
    try:
        yield vault
    finally:
        await vault.close()


@asynccontextmanager
async def by_approle(server: FakeVault) -> AsyncIterator[Vault]:
    settings = VaultSettings(server.url, role_id="role", secret_id="secret")
    vault = Vault(settings, lambda reference: Secret(KNOWN[reference]))
    try:
        yield vault
    finally:
        await vault.close()


async def test_a_secret_is_read_from_its_field(server: FakeVault) -> None:
    async with by_token(server, namespace="team") as vault:
        assert (await vault.secret("secret/data/shop#password")).reveal() == "hunter2"
    assert server.asked == [("GET", "/v1/secret/data/shop")]
    assert server.headers[0]["x-vault-namespace"] == "team"


async def test_a_login_serves_many_questions_and_is_made_anew_when_its_token_is_over(
    server: FakeVault,
) -> None:
    async with by_approle(server) as vault:
        questions = (vault.secret("secret/data/shop#password") for _ in range(5))
        await asyncio.gather(*questions)
        assert server.logins == 1
        server.tokens.clear()
        assert (await vault.secret("secret/data/shop#password")).reveal() == "hunter2"
        assert server.logins == 2


async def test_transit_gives_back_what_it_encrypted_in_the_same_context(
    server: FakeVault,
) -> None:
    server.transit["transit/assent"] = {}
    async with by_token(server) as vault:
        sealed = await vault.encrypt("transit/assent", Secret(b"\x00key"), b"dek_1")
        assert sealed.startswith("vault:v1:")
        opened = await vault.decrypt("transit/assent", sealed, b"dek_1")
        assert opened.reveal() == b"\x00key"
        assert server.asked[0] == ("POST", "/v1/transit/encrypt/assent")
        with pytest.raises(OperatorFault, match="transit/decrypt/assent"):
            await vault.decrypt("transit/assent", sealed, b"dek_2")
        server.say = 200, b'{"data":{"plaintext":"no base64"}}'
        with pytest.raises(OutsideFault, match="decrypted nothing"):
            await vault.decrypt("transit/assent", sealed, b"dek_1")
        server.say = 200, b'{"data":{}}'
        with pytest.raises(OutsideFault, match="encrypted nothing"):
            await vault.encrypt("transit/assent", Secret(b"key"), b"dek_1")


async def test_a_user_of_a_database_is_made_renewed_and_taken_away(server: FakeVault) -> None:
    async with by_token(server) as vault:
        user = await vault.database_user("database/shop")
        assert (user.name, user.lasts_for) == (server.leases[user.lease], timedelta(seconds=600))
        assert user.password.reveal() == f"password of {user.name}"
        assert await vault.renew(user.lease, HOUR * 9) == HOUR
        await vault.revoke(user.lease)
        assert server.leases == {}
        await vault.revoke(user.lease)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("secret/data/shop#missing", "has no text `missing` at `secret/data/shop`"),
        ("secret/data/shop#number", "has no text `number`"),
        ("secret/data/none#password", "nothing at `secret/data/none`"),
    ],
)
async def test_what_is_not_there_says_where(server: FakeVault, place: str, words: str) -> None:
    async with by_token(server) as vault:
        with pytest.raises(OperatorFault, match=words):
            await vault.secret(place)


@pytest.mark.parametrize(
    ("status", "data", "kind", "words"),
    [
        (403, b"{}", OperatorFault, "give our policy there `read`"),
        (418, b"{}", OperatorFault, r"refused `secret/data/shop` \(418\)"),
        (307, b"", OperatorFault, "name its active node"),
        (429, b"", OutsideFault, "fewer requests"),
        (500, b'{"errors": ["hunter2"]}', OutsideFault, "failed at"),
        (503, b"", OutsideFault, "sealed"),
        (200, b"hunter2", OutsideFault, "not JSON"),
        (200, b"[" * 100_000, OutsideFault, "not JSON"),
        (200, b'"hunter2"', OperatorFault, "no text"),
        (200, b" " * (1 << 20) + b" ", OutsideFault, "more than 1 MiB"),
    ],
)
async def test_an_answer_that_cannot_be_used_says_what_to_do_and_nothing_secret(
    server: FakeVault, status: int, data: bytes, kind: type[Fault], words: str
) -> None:
    server.say = (status, data)
    async with by_token(server) as vault:
        with pytest.raises(kind, match=words) as caught:
            await vault.secret("secret/data/shop#password")
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
    assert "root" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"lease_id": "x", "lease_duration": 60, "data": {"username": "u"}}',
        b'{"lease_id": "", "lease_duration": 60, "data": {"username": "u", "password": "p"}}',
        b'{"lease_id": "x", "lease_duration": 0, "data": {"username": "u", "password": "p"}}',
        b'{"lease_id": "x", "lease_duration": true, "data": {"username": "u", "password": "p"}}',
        b'{"lease_id": "x", "data": {"username": "u", "password": "p"}}',
    ],
)
async def test_a_user_without_all_that_belongs_to_one_is_refused(
    server: FakeVault, data: bytes
) -> None:
    server.say = (200, data)
    async with by_token(server) as vault:
        with pytest.raises(OutsideFault, match="Vault"):
            await vault.database_user("database/shop")


async def test_a_refused_login_names_the_section_and_not_the_secret(server: FakeVault) -> None:
    settings = VaultSettings(server.url, role_id="role", secret_id="secret")
    vault = Vault(settings, lambda reference: Secret("wrong"))
    with pytest.raises(OperatorFault, match="refused the AppRole") as caught:
        await vault.secret("secret/data/shop#password")
    await vault.close()
    assert "wrong" not in str(caught.value)


async def test_a_login_without_a_token_is_refused(server: FakeVault) -> None:
    server.say = (200, b"{}")
    async with by_approle(server) as vault:
        with pytest.raises(OutsideFault, match="login without a token"):
            await vault.secret("secret/data/shop#password")


async def test_a_vault_that_is_away_says_so() -> None:
    with fake_vault.serving() as gone:
        pass
    async with by_token(gone) as vault:
        with pytest.raises(OutsideFault, match="cannot be reached"):
            await vault.secret("secret/data/shop#password")


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    settings = VaultSettings("https://x", certificate_authority=str(tmp_path / "ca.pem"))
    with pytest.raises(OperatorFault, match=r"ca\.pem"):
        Vault(settings, Secret)
