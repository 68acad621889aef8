"""Signing in with a real OpenID Connect provider, by pytest-iam: Canaille on a free port."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from assent.core.entry import EntryKind
from assent.core.role import Permission, Role
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.identity.asking import Asking
from assent.identity.claims import Reading
from assent.identity.oidc import OidcProvider, Registration
from assent.system.clock import SystemClock
from console import URL, Console, a_console

CALLBACK = f"{URL}/sign-in/oidc/corp/callback"
PASSWORD = "correct horse battery"
READING = Reading(
    groups={"dbas": "dba", "engineers": "eng"}, roles={"sec": Role.SECURITY, "dbas": Role.OPERATOR}
)


@dataclass
class House:
    """The console, a browser of the provider's pages, and the provider."""

    console: Console
    browser: httpx2.AsyncClient
    iam: Any
    who: str = ""

    async def go_there(self, path: str = "/sign-in/oidc/corp?next=/grants") -> str:
        """Return where the provider sends the browser back to."""
        sent = await self.console.http.get(path)
        assert sent.status_code == 303, sent.text
        answer = await self.browser.get(sent.headers["location"])
        for _ in range(10):
            address = answer.headers.get("location", "")
            if address.startswith(URL):
                return address
            if answer.is_redirect:
                answer = await self.browser.get(str(answer.url.join(address)))
            else:
                answer = await self.browser.post(str(answer.url), data=self.filled_in(answer.text))
        raise AssertionError(answer.text)

    def show_form(self, who: str) -> None:
        """Let the provider ask for a name and a password, as it does without tests."""
        self.who = who
        self.iam.logout()

    def filled_in(self, page: str) -> dict[str, str]:
        """Return what somebody writes into a form of the provider's."""
        if 'id="passwordform"' in page:
            return {"password": PASSWORD}
        assert 'name="login"' in page, page
        return {"login": self.who}

    async def come_back(self, address: str) -> httpx2.Response:
        return await self.console.http.get(address.removeprefix(URL))

    async def sign_in(self) -> httpx2.Response:
        return await self.come_back(await self.go_there())

    def subject(self, name: str) -> Subject:
        found = self.console.world.plane.directory.subject_named(name)
        assert found is not None
        return found


def a_client(iam: Any) -> Any:
    with iam.app.app_context():
        client = iam.models.Client(
            client_id="assent",
            client_secret="wow-such-secret",
            client_name="Assent",
            client_uri=URL,
            redirect_uris=[CALLBACK],
            post_logout_redirect_uris=[f"{URL}/sign-in"],
            grant_types=["authorization_code"],
            response_types=["code", "token", "id_token"],
            token_endpoint_auth_method="client_secret_basic",
            scope=["openid", "profile", "groups", "email"],
            client_id_issued_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        )
        iam.backend.save(client)
        iam.backend.update(client, audience=[client])
        iam.backend.save(client)
    return client


@asynccontextmanager
async def a_house(folder: Path, iam: Any) -> AsyncIterator[House]:
    registration = Registration(
        name="corp",
        display_name="Corp",
        issuer=iam.url.rstrip("/"),
        client_id="assent",
        client_secret=Secret("wow-such-secret"),
        scopes=("profile", "email", "groups"),
        reading=READING,
        lasts_for=datetime.timedelta(hours=8),
    )
    asking = Asking("corp")
    client = a_client(iam)
    browser = httpx2.AsyncClient(trust_env=False, timeout=20)
    async with a_console(folder) as console, browser:
        provider = OidcProvider(registration, asking, SystemClock())
        console.world.plane.providers.providers = {"corp": provider}
        try:
            yield House(console, browser, iam)
        finally:
            await asking.close()
            iam.logout()
            with iam.app.app_context():
                iam.backend.delete(client)


def somebody(iam: Any, name: str, *groups: str) -> Any:
    """Make somebody of the provider, signed in there, who consents."""
    user = iam.random_user(
        user_name=name, display_name=name, password=PASSWORD, emails=[f"{name}@corp.test"]
    )
    for group in groups:
        put_into(iam, user, group)
    iam.login(user)
    iam.consent(user)
    return user


def put_into(iam: Any, user: Any, group: str) -> None:
    with iam.app.app_context():
        known = iam.backend.query(iam.models.Group, display_name=group)
        if known:
            iam.backend.update(known[0], members=[*known[0].members, user])
            iam.backend.save(known[0])
        else:
            iam.random_group(display_name=group, members=[user])
        iam.backend.reload(user)


async def test_whoever_signs_in_at_the_provider_is_somebody_here(
    tmp_path: Path, iam_server: Any
) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "nora", "dbas", "gardeners")
        page = await house.console.get("/sign-in")
        assert 'href="/sign-in/oidc/corp?next=/"' in page
        answer = await house.sign_in()
        assert answer.status_code == 200
        assert 'content="0; url=/grants"' in answer.text
        nora = house.subject("nora")
        assert nora.source == "oidc:corp"
        assert nora.groups == {"dba"}
        assert nora.roles == {Role.OPERATOR}
        assert nora.email == "nora@corp.test"
        assert "nora" in await house.console.get("/") or nora.display_name
        tokens = await house.console.world.plane.store.tokens(nora.id)
        assert [(one.method, one.provider) for one in tokens] == [("oidc", "oidc:corp")]


async def test_a_second_sign_in_follows_the_groups(tmp_path: Path, iam_server: Any) -> None:
    async with a_house(tmp_path, iam_server) as house:
        user = somebody(iam_server, "olga", "engineers")
        await house.sign_in()
        first = house.subject("olga")
        assert (first.groups, first.roles) == ({"eng"}, set())
        put_into(iam_server, user, "sec")
        await house.sign_in()
        second = house.subject("olga")
        assert (second.id, second.groups, second.roles) == (first.id, {"eng"}, {Role.SECURITY})
        assert house.console.world.plane.directory.may(second, Permission.REVOKE)


async def test_a_name_that_is_somebody_elses_is_refused_with_words(
    tmp_path: Path, iam_server: Any
) -> None:
    async with a_house(tmp_path, iam_server) as house:
        ana = house.subject("ana")
        user = somebody(iam_server, "ana")
        answer = await house.sign_in()
        assert answer.status_code == 403
        assert "whoever looks after this gateway can link them" in answer.text
        assert house.subject("ana") == ana
        plane = house.console.world.plane
        assert not await plane.store.tokens(ana.id)
        external = parse_subject(answer.text)
        plane.providers.linked = {("corp", external): "ana"}
        assert (await house.sign_in()).status_code == 200
        assert house.subject("ana") == ana
        assert len(await plane.store.tokens(ana.id)) == 1
        assert user.user_name == "ana"


def parse_subject(page: str) -> str:
    return page.split("corp:", 1)[1].split("&#34;", 1)[0]


async def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    tmp_path: Path, iam_server: Any
) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "pia")
        address = await house.go_there()
        kept = dict(house.console.http.cookies)
        house.console.http.cookies.clear()
        assert (await house.come_back(address)).status_code == 403
        house.console.http.cookies.update(kept)
        assert (await house.come_back(address)).status_code == 200
        house.console.http.cookies.update(kept)
        again = await house.come_back(address)
        assert again.status_code == 403
        assert "used before" in again.text


async def test_an_answer_that_names_another_issuer_is_refused(
    tmp_path: Path, iam_server: Any
) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "quin")
        address = await house.go_there()
        assert parse_qs(urlsplit(address).query)["iss"]
        address = "&".join(part for part in address.split("&") if not part.startswith("iss="))
        answer = await house.come_back(f"{address}&iss=http://localhost:1")
        assert answer.status_code == 403
        assert "another identity provider" in answer.text


async def test_somebody_proves_anew_who_they_are(tmp_path: Path, iam_server: Any) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "rosa")
        house.show_form("rosa")
        await house.sign_in()
        rosa = house.subject("rosa")
        plane = house.console.world.plane
        assert plane.sign_in.stepped_up_at(rosa.id) is None
        address = await house.go_there("/sign-in/oidc/corp/again?next=/grants")
        house.console.http.cookies.delete("assent")  # A browser does not send it from there.
        assert (await house.come_back(address)).status_code == 200
        assert plane.sign_in.stepped_up_at(rosa.id) is not None
        [token] = await plane.store.tokens(rosa.id)
        assert token.stepped_up_by == "oidc"


async def test_nobody_proves_for_another_who_they_are(tmp_path: Path, iam_server: Any) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "sara")
        await house.sign_in()
        sara = house.subject("sara")
        somebody(iam_server, "tina")
        house.show_form("tina")
        answer = await house.come_back(await house.go_there("/sign-in/oidc/corp/again"))
        assert answer.status_code == 403
        assert house.console.world.plane.sign_in.stepped_up_at(sara.id) is None


async def test_signing_out_leads_on_to_the_provider(tmp_path: Path, iam_server: Any) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "uma")
        await house.sign_in()
        left = await house.console.post("/sign-out")
        assert left.status_code == 200
        assert "/oauth/end_session?" in left.text
        assert "id_token_hint=" in left.text
        plane = house.console.world.plane
        assert not await plane.store.tokens(house.subject("uma").id)


async def test_a_provider_that_is_away_is_named_and_nobody_is_signed_out(
    tmp_path: Path, iam_server: Any
) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "vera")
        await house.sign_in()
        plane = house.console.world.plane
        away = plane.providers.provider("corp").registration  # type: ignore[attr-defined]
        other = Registration(
            "gone", "", "http://localhost:1", "assent", None, (), READING, away.lasts_for
        )
        asking = Asking("gone")
        plane.providers.providers = {"gone": OidcProvider(other, asking, SystemClock())}
        answer = await house.console.http.get("/sign-in/oidc/gone")
        await asking.close()
        assert answer.status_code == 503
        assert "cannot be reached" in answer.text
        assert "Sign out" in await house.console.get("/")


async def test_whoever_is_disabled_here_stays_out(tmp_path: Path, iam_server: Any) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, "wilma", "dbas")
        await house.sign_in()
        plane = house.console.world.plane
        await plane.people.disable(house.subject("wilma"), None)
        answer = await house.sign_in()
        assert answer.status_code == 403
        assert house.subject("wilma").disabled
        assert not await plane.store.tokens(house.subject("wilma").id)
        await plane.sign_in.refusals.flush(all_of_them=True)


@pytest.mark.parametrize("kind", [EntryKind.LOGIN, EntryKind.PERSON_ADDED])
async def test_it_stands_in_the_log_and_no_secret_does(
    tmp_path: Path, iam_server: Any, kind: EntryKind
) -> None:
    async with a_house(tmp_path, iam_server) as house:
        somebody(iam_server, f"xenia-{kind.value.replace('.', '-')}")
        await house.sign_in()
        store = house.console.world.plane.store
        found = await store.entries(0, 1_000)
        assert any(f'"{kind.value}"'.encode() in one.leaf for one in found)
        assert "wow-such-secret" not in repr(found)
