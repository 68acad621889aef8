"""A provider says that somebody is gone: their sessions on a real PostgreSQL are cut in a second.

Canaille sends no back-channel logout, so a small provider of this test's own signs it.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

import gateway_world
from assent import app, config
from assent.control.external_sign_in import Place
from assent.control.providers import Proved
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.token import TokenKind
from assent.demo.world import World
from assent.system.clock import SystemClock

EVENT = "http://schemas.openid.net/event/backchannel-logout"
WITHIN_S = 1.0
MORE = """
[scim]
enabled = true

[[oidc]]
name = "corp"
issuer = "{issuer}"
client_id = "assent"

[[people]]
name = "ana\""""


@dataclass
class SmallProvider:
    """Says who it is, shows its keys, and signs."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    issuer: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        keys = {"keys": [self.key.as_dict(private=False)]}
        body = json.dumps(keys if path == "/keys" else told).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    def logout_token(self, jti: str, **claims: Any) -> str:
        now = int(SystemClock().now().timestamp())
        said = {
            "iss": self.issuer,
            "aud": "assent",
            "iat": now,
            "exp": now + 120,
            "jti": jti,
            "events": {EVENT: {}},
        } | claims
        header = {"alg": "RS256", "kid": self.key.kid, "typ": "logout+jwt"}
        return jwt.encode(header, said, self.key, ["RS256"])


@dataclass
class House:
    running: app.Gateway
    provider: SmallProvider
    http: httpx2.AsyncClient

    async def signed_in(self, external: str, session: str) -> str:
        """Return the token of somebody who came back from the provider."""
        proved = Proved(external, external, groups=frozenset({"engineers"}), session=session)
        providers = self.running.plane.providers
        secret, _ = await providers.sign_in("corp", proved, Place("127.0.0.1"), timedelta(hours=1))
        return secret.reveal()

    async def psql(self, token: str) -> asyncpg.Connection:
        """Return an open session of whoever holds the token."""
        body = {"target": gateway_world.TARGET, "connections": 1}
        headers = {"authorization": f"Bearer {token}"}
        answer = await self.http.post("/v1/connect", json=body, headers=headers)
        assert answer.is_success, answer.text
        opened = answer.json()
        host, port = self.running.postgres_address
        connection = await asyncpg.connect(
            host=host,
            port=port,
            user=opened["user"],
            password=opened["password"],
            database=opened["database"],
            ssl=False,
        )
        assert await connection.fetchval("select 1") == 1
        return connection

    async def cut_after(self, connection: asyncpg.Connection, since: float) -> float:
        """Return how many seconds after `since` the client's connection was closed."""
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        async with asyncio.timeout(10):
            if not connection.is_closed():
                await gone.wait()
        return time.monotonic() - since

    async def log_out(self, token: str) -> httpx2.Response:
        path = "/sign-in/oidc/corp/back-channel-logout"
        return await self.http.post(path, data={"logout_token": token})


@asynccontextmanager
async def a_house(folder: Path, template: World) -> AsyncIterator[House]:
    provider = SmallProvider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    more = MORE.format(issuer=provider.issuer).lstrip("\n")
    change = ((r"\[\[people\]\]\nname = \"ana\"", more),)
    created = gateway_world.create_world(folder, template, change=change)
    async with (
        server,
        app.running(config.load(created.config)) as running,
        httpx2.AsyncClient(base_url=running.api_url, trust_env=False) as http,
    ):
        yield House(running, provider, http)


async def test_a_logout_at_the_provider_cuts_the_sessions_of_that_sign_in(
    tmp_path: Path, template: World
) -> None:
    async with a_house(tmp_path / "house", template) as house:
        token = await house.signed_in("nils", "there-1")
        connection = await house.psql(token)
        began = time.monotonic()
        cut = asyncio.create_task(house.cut_after(connection, began))
        answer = await house.log_out(house.provider.logout_token("one", sid="there-1"))
        assert answer.status_code == 200, answer.text
        assert await cut < WITHIN_S
        headers = {"authorization": f"Bearer {token}"}
        assert (await house.http.get("/v1/grants", headers=headers)).status_code == 401
        again = await house.log_out(house.provider.logout_token("one", sid="there-1"))
        assert again.status_code == 400
        with pytest.raises(Exception, match="ended there"):
            await house.signed_in("nils", "there-1")


async def test_another_sign_in_of_the_same_person_stays(tmp_path: Path, template: World) -> None:
    async with a_house(tmp_path / "house", template) as house:
        await house.signed_in("nils", "there-1")
        other = await house.signed_in("nils", "there-2")
        connection = await house.psql(other)
        answer = await house.log_out(house.provider.logout_token("one", sid="there-1"))
        assert answer.status_code == 200
        assert await connection.fetchval("select 2") == 2
        began = time.monotonic()
        cut = asyncio.create_task(house.cut_after(connection, began))
        answer = await house.log_out(house.provider.logout_token("two", sub="nils"))
        assert answer.status_code == 200
        assert await cut < WITHIN_S


async def test_a_logout_that_nobody_signed_changes_nothing(tmp_path: Path, template: World) -> None:
    async with a_house(tmp_path / "house", template) as house:
        token = await house.signed_in("nils", "there-1")
        known = house.provider.key
        assert known.kid
        house.provider.key = RSAKey.generate_key(2048, {"kid": known.kid})
        forged = house.provider.logout_token("one", sid="there-1")
        house.provider.key = known
        assert (await house.log_out(forged)).status_code == 400
        nonce = house.provider.logout_token("two", sid="there-1", nonce="n")
        assert (await house.log_out(nonce)).status_code == 400
        headers = {"authorization": f"Bearer {token}"}
        assert (await house.http.get("/v1/grants", headers=headers)).status_code == 200


async def test_deactivation_by_scim_cuts_sessions_and_drops_tokens(
    tmp_path: Path, template: World
) -> None:
    async with a_house(tmp_path / "house", template) as house:
        plane = house.running.plane
        scim = await a_scim_client(house)
        user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "olaf"}
        made = (await scim.post("/scim/v2/Users", json=user)).json()
        group = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "engineers",
            "members": [{"value": made["id"]}],
        }
        assert (await scim.post("/scim/v2/Groups", json=group)).status_code == 201
        olaf = plane.directory.subject_named("olaf")
        assert olaf is not None
        secret, _ = await plane.sign_in.issue(olaf, TokenKind.COMMAND_LINE, "password")
        connection = await house.psql(secret.reveal())
        off = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": False}],
        }
        began = time.monotonic()
        cut = asyncio.create_task(house.cut_after(connection, began))
        answer = await scim.patch(f"/scim/v2/Users/{made['id']}", json=off)
        assert answer.is_success, answer.text
        took = await cut
        print(f"cut {took * 1000:.0f} ms after the request was sent")
        assert took < WITHIN_S
        assert not await plane.store.tokens(olaf.id)
        await scim.aclose()


async def a_scim_client(house: House) -> httpx2.AsyncClient:
    plane = house.running.plane
    provisioners = plane.provisioners
    account = await provisioners._account(await an_administrator(house))
    secret, _ = await plane.sign_in.issue(
        account,
        TokenKind.API,
        "api-token",
        permissions=frozenset({Permission.PROVISION}),
    )
    headers = {"authorization": f"Bearer {secret.reveal()}"}
    return httpx2.AsyncClient(base_url=house.running.api_url, headers=headers, trust_env=False)


async def an_administrator(house: House) -> Any:
    plane = house.running.plane
    carl = plane.directory.subject_named("carl")
    assert carl is not None
    secret, _ = await plane.sign_in.issue(carl, TokenKind.COMMAND_LINE, "password")
    return await plane.sign_in.authenticate(Secret(secret.reveal()), "127.0.0.1", "api")
