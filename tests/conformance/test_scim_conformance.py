"""SCIM 2.0 on a real gateway: its conformance, what providers really send, and what comes of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCIM = """
[scim]
enabled = true
groups = { "DB Admins" = "dba" }
roles = { "Watchers" = "auditor", "ops" = "operator" }

[[people]]
name = "dora\""""


class Provider:
    """An identity provider that provisions: what it asks, and what it is answered."""

    def __init__(self, gateway: Gateway, token: str) -> None:
        self.gateway = gateway
        self.token = token
        headers = {"authorization": f"Bearer {token}"}
        self.http = httpx2.Client(
            base_url=f"{gateway.url}/scim/v2", headers=headers, timeout=30, trust_env=False
        )

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        said = {"content-type": "application/scim+json"} | headers
        return self.http.request(method, path, json=body, headers=said)

    def answer(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def user(self, name: str, /, **more: Any) -> Any:
        body = {"schemas": [USER], "userName": name, "active": True} | more
        return self.answer("POST", "/Users", body)

    def group(self, name: str, *members: str) -> Any:
        listed = [{"value": member} for member in members]
        body = {"schemas": [GROUP], "displayName": name, "members": listed}
        return self.answer("POST", "/Groups", body)

    def patch(self, path: str, *operations: dict[str, Any]) -> httpx2.Response:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": [*operations]})

    def person(self, name: str) -> Any:
        """Return how the gateway shows somebody to an administrator."""
        return self.gateway.answer("carl", "GET", f"/v1/people/{name}")


def a_world(folder: Path, template: World) -> World:
    """The demo's world, in which carl administers and `dora` may be provisioned."""
    change = (
        (r"\[\[people\]\]\nname = \"dora\"", SCIM.lstrip("\n")),
        (r'(name = "carl"\n.*\n)groups = .*', r'\1groups = ["security", "administrators"]'),
    )
    return gateway_world.create_world(folder, template, change=change)


@contextmanager
def a_provider(gateway: Gateway) -> Iterator[Provider]:
    gateway.step_up("carl")
    minted = gateway.answer("carl", "POST", "/v1/scim/tokens", {})
    assert minted["base_url"] == f"{gateway.url}/scim/v2"
    provider = Provider(gateway, minted["token"])
    try:
        yield provider
    finally:
        provider.http.close()


@pytest.fixture(scope="module")
def served(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    created = a_world(tmp_path_factory.mktemp("scim"), template)
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def provider(served: Gateway) -> Iterator[Provider]:
    with a_provider(served) as one:
        yield one


def test_every_check_of_the_conformance_suite_passes(provider: Provider) -> None:
    client = SyncSCIMClient(provider.http)
    client.discover()
    results = check_server(client)
    wrong = [
        f"{one.status}: {one.title}: {one.reason}"
        for one in results
        if one.status in (Status.ERROR, Status.CRITICAL)
    ]
    passed = sum(one.status == Status.SUCCESS for one in results)
    print(f"{passed} of {len(results)} checks passed")
    assert not wrong, "\n".join(wrong)
    assert len(results) > 100


def test_people_come_with_groups_roles_and_managers(provider: Provider) -> None:
    boss = provider.user("bea", displayName="Bea Berg", roles=[{"value": "ops"}])
    extra = {"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": {"value": boss["id"]}}}
    emails = [{"value": "cem@corp.test", "primary": True}]
    cem = provider.user("cem", emails=emails, timezone="Europe/Berlin", **extra)
    provider.group("DB Admins", cem["id"])
    provider.group("Watchers", boss["id"])
    found = provider.person("cem")
    assert found["source"] == "scim"
    assert found["groups"] == ["dba"]
    assert found["email"] == "cem@corp.test"
    assert sorted(provider.person("bea")["roles"]) == ["auditor", "operator", "requester"]


def test_a_renamed_group_takes_its_members_along(provider: Provider) -> None:
    one = provider.user("una")
    group = provider.group("before", one["id"])
    rename = {"op": "replace", "path": "displayName", "value": "after"}
    assert provider.patch(f"/Groups/{group['id']}", rename).is_success
    assert provider.person("una")["groups"] == ["after"]
    provider.answer("DELETE", f"/Groups/{group['id']}")
    assert provider.person("una")["groups"] == []


def test_whoever_is_deleted_is_disabled_and_can_come_back(provider: Provider) -> None:
    first = provider.user("dan")
    provider.answer("DELETE", f"/Users/{first['id']}")
    assert provider.ask("GET", f"/Users/{first['id']}").status_code == 404
    assert provider.person("dan")["disabled"]
    again = provider.user("dan")
    assert again["id"] != first["id"]
    assert not provider.person("dan")["disabled"]


def test_nobody_becomes_somebody_who_is_described_elsewhere(provider: Provider) -> None:
    body = {"schemas": [USER], "userName": "ana"}
    answer = provider.ask("POST", "/Users", body)
    assert answer.status_code == 409
    assert answer.json()["scimType"] == "uniqueness"
    provider.user("gil")
    assert provider.ask("POST", "/Users", body | {"userName": "gil"}).status_code == 409
    other = provider.user("hal")
    rename = {"op": "replace", "path": "userName", "value": "ana"}
    assert provider.patch(f"/Users/{other['id']}", rename).status_code == 409
    assert provider.answer("GET", f"/Users/{other['id']}")["userName"] == "hal"


def test_a_name_that_cannot_be_one_is_refused(provider: Provider) -> None:
    answer = provider.ask("POST", "/Users", {"schemas": [USER], "userName": "o'hara & sons"})
    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidValue"


def test_okta_finds_changes_and_deactivates(provider: Provider) -> None:
    made = provider.user("ida@corp.test", externalId="00u1", name={"givenName": "Ida"})
    query = '/Users?filter=userName%20eq%20"ida@corp.test"&startIndex=1&count=100'
    assert provider.answer("GET", query)["totalResults"] == 1
    whole = made | {"displayName": "Ida Iversen"}
    assert provider.answer("PUT", f"/Users/{made['id']}", whole)["displayName"] == "Ida Iversen"
    off = {"op": "replace", "value": {"active": False}}
    assert provider.patch(f"/Users/{made['id']}", off).is_success
    assert provider.person("ida@corp.test")["disabled"]
    group = provider.group("okta")
    add = {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
    assert provider.patch(f"/Groups/{group['id']}", add).is_success
    assert provider.person("ida@corp.test")["groups"] == ["okta"]
    path = f'members[value eq "{made["id"]}"]'
    assert provider.patch(f"/Groups/{group['id']}", {"op": "remove", "path": path}).is_success
    assert provider.person("ida@corp.test")["groups"] == []


def test_entra_changes_as_it_does(provider: Provider) -> None:
    made = provider.user("jon@corp.test")
    path, group = f"/Users/{made['id']}", provider.group("entra")
    assert provider.patch(
        path,
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "jon@corp.test"},
        {"op": "Replace", "path": "displayName", "value": "Jon"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "IT"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": made["id"]},
        {"op": "Add", "path": "urn:example:unknown:attribute", "value": "x"},
    ).is_success
    found = provider.person("jon@corp.test")
    assert (found["email"], found["display_name"]) == ("jon@corp.test", "Jon")
    listed = [{"value": made["id"]}]
    here = f"/Groups/{group['id']}"
    assert provider.patch(here, {"op": "Add", "path": "members", "value": listed}).is_success
    assert provider.person("jon@corp.test")["groups"] == ["entra"]
    assert provider.patch(here, {"op": "Remove", "path": "members", "value": listed}).is_success
    assert provider.person("jon@corp.test")["groups"] == []
    assert provider.patch(path, {"op": "Replace", "path": "active", "value": "False"}).is_success
    assert provider.person("jon@corp.test")["disabled"]


def test_concurrent_changes_of_one_group_lose_nobody(provider: Provider) -> None:
    people = [provider.user(f"crowd{number}")["id"] for number in range(20)]
    group = provider.group("crowd")

    def join(person: str) -> int:
        add = {"op": "add", "path": "members", "value": [{"value": person}]}
        return provider.patch(f"/Groups/{group['id']}", add).status_code

    with ThreadPoolExecutor(10) as pool:
        assert {200, 204} >= set(pool.map(join, people))
    found = provider.answer("GET", f"/Groups/{group['id']}")
    assert {one["value"] for one in found["members"]} == set(people)
    assert all(provider.person(f"crowd{n}")["groups"] == ["crowd"] for n in range(20))


def test_an_old_version_changes_nothing(provider: Provider) -> None:
    made = provider.user("kim")
    path = f"/Users/{made['id']}"
    seen = provider.ask("GET", path).headers["etag"]
    assert provider.ask("GET", path, **{"if-none-match": seen}).status_code == 304
    rename = {"op": "replace", "path": "displayName", "value": "Kim"}
    assert provider.patch(path, rename).is_success
    late = made | {"displayName": "Kimberly"}
    assert provider.ask("PUT", path, late, **{"if-match": seen}).status_code == 412


def test_only_the_token_for_it_opens_this_door(provider: Provider) -> None:
    gateway = provider.gateway
    url = f"{gateway.url}/scim/v2/Users"
    for headers, status in (
        ({}, 401),
        ({"authorization": "Bearer nonsense"}, 401),
        ({"authorization": f"Bearer {gateway._token('carl')}"}, 403),
    ):
        answer = httpx2.get(url, headers=headers, trust_env=False)
        assert answer.status_code == status
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    headers = {"authorization": f"Bearer {provider.token}"}
    for path in ("/v1/people", "/v1/grants", "/v1/targets"):
        answer = httpx2.get(gateway.url + path, headers=headers, trust_env=False)
        assert answer.status_code in (401, 403), path
    assert gateway.call("ben", "POST", "/v1/scim/tokens", {}).status_code == 403


def test_what_is_too_much_is_refused_in_words_of_scim(provider: Provider) -> None:
    big = {"schemas": [USER], "userName": "big", "displayName": "x" * (1 << 20)}
    answer = provider.ask("POST", "/Users", big)
    assert answer.status_code == 413
    assert "detail" in answer.json()
    long = "userName%20eq%20%22" + "x" * 1_100 + "%22"
    assert provider.ask("GET", f"/Users?filter={long}").status_code == 400
    nested = "(" * 400 + "userName pr" + ")" * 400
    assert provider.ask("GET", f"/Users?filter={nested}").status_code in (200, 400)
    assert len(provider.answer("GET", "/Users?count=100000")["Resources"]) <= 200


def test_no_password_of_a_provider_is_kept(provider: Provider, served: Gateway) -> None:
    provider.user("lou", password="hunter2-hunter2")
    data = served.world.folder / "data"
    kept = b"".join(one.read_bytes() for one in data.rglob("*.db*") if one.is_file())
    assert kept
    assert b"hunter2-hunter2" not in kept


def test_everything_is_there_after_a_restart(template: World, tmp_path: Path) -> None:
    created = a_world(tmp_path / "again", template)
    with gateway_world.serving(created) as running, a_provider(running) as before:
        made = before.user("mia", displayName="Mia")
        group = before.group("DB Admins", made["id"])
        token = before.token
        seen = before.answer("GET", f"/Users/{made['id']}")["meta"]["version"]
        running.kill()
    with gateway_world.serving(created) as running:
        after = Provider(running, token)
        found = after.answer("GET", f"/Users/{made['id']}")
        assert (found["displayName"], found["meta"]["version"]) == ("Mia", seen)
        members = after.answer("GET", f"/Groups/{group['id']}")["members"]
        assert [one["value"] for one in members] == [made["id"]]
        assert after.person("mia")["groups"] == ["dba"]
        after.http.close()
