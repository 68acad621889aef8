"""Programs through a real gateway: their tokens, what they reach, and who may not assent to it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, assent, eventually


@pytest.fixture(scope="module")
def house(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway where Ana is a DBA herself, whom policies ask."""
    ana_is_asked = (r'groups = \["engineers"\]', 'groups = ["engineers", "dba"]')
    folder = tmp_path_factory.mktemp("programs") / "world"
    created = gateway_world.create_world(folder, template, change=(ana_is_asked,))
    with gateway_world.serving(created) as running:
        yield running


def as_program(gateway: Gateway, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one `assent` command with a token and nothing else."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "ASSENT"))}
    own = {"ASSENT_URL": gateway.url, "ASSENT_TOKEN": token, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "assent", *arguments],
        env=kept | own | {"ASSENT_HOME": str(gateway.world.folder / "nobody")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stepped_up(gateway: Gateway, name: str) -> None:
    file = str(gateway.world.people[name].password_file)
    assert assent(gateway, name, "step-up", "--password-file", file).returncode == 0


def agent_of_ana(gateway: Gateway, name: str) -> str:
    """Make an agent of Ana's, and return a token of it."""
    stepped_up(gateway, "ana")
    words = ("--task", "tidy up old orders", "--group", "engineers", "--json")
    made = said(assent(gateway, "ana", "agents", "create", name, *words))
    assert (made["on_behalf_of"], made["owner"], made["groups"]) == ("ana", "ana", ["engineers"])
    minted = said(assent(gateway, "ana", "agents", "token", name, "nightly", "--json"))
    assert len(minted["token"]) == 43
    return str(minted["token"])


def test_an_agents_write_is_held_and_anybody_but_its_person_may_assent(
    house: Gateway, table: str
) -> None:
    token = agent_of_ana(house, "tidy")
    opened = said(as_program(house, token, "connect", "shop", "--json"))
    credential = Credential(
        *house.postgres,
        opened["user"],
        opened["password"],
        opened["database"],
        opened["grant"]["id"],
    )
    assert credential.user == "tidy"
    psql = subprocess.Popen(
        [psql_program(), "-X", "-A", "-t", "-c", f"delete from {table}"],
        env=credential.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:

        def waits() -> str | None:
            items = house.answer("ben", "GET", "/v1/inbox")["items"]
            return next((one["id"] for one in items if table in one["action"]["text"]), None)

        request = eventually(waits, "ben is asked")
        asked = house.answer("ana", "GET", "/v1/inbox")["items"]
        assert request not in [one["id"] for one in asked]
        own = house.call("ana", "POST", f"/v1/requests/{request}/approve", {"comment": "mine"})
        assert own.status_code in (403, 404)
        headers = {"authorization": f"Bearer {token}"}
        address = f"{house.url}/v1/requests/{request}/approve"
        by_itself = httpx2.post(address, json={"comment": ""}, headers=headers)
        assert by_itself.status_code == 403
        house.approve(request, "ben")
        out, err = psql.communicate(timeout=30)
    finally:
        psql.kill()
    assert "DELETE" in out, err


def test_an_agent_that_is_disabled_is_nobody_at_once(house: Gateway) -> None:
    token = agent_of_ana(house, "gone")
    assert said(as_program(house, token, "whoami", "--json"))["on_behalf_of"] == "ana"
    assert said(assent(house, "ana", "agents", "disable", "gone", "--json"))["disabled"] is True
    refused = as_program(house, token, "whoami")
    assert refused.returncode == 8, refused.stderr


def test_a_persons_token_reads_asks_and_does_nothing_that_only_people_do(house: Gateway) -> None:
    stepped_up(house, "ben")
    minted = said(assent(house, "ben", "tokens", "create", "report", "--for", "1d", "--json"))
    token = minted["token"]
    who = said(as_program(house, token, "whoami", "--json"))
    assert (who["name"], who["method"], who["permissions"]) == ("ben", "api-token", ["access.ask"])
    assert said(as_program(house, token, "targets", "--json"))["items"]
    for words in (("tokens", "list"), ("tokens", "create", "more"), ("agents", "list")):
        assert as_program(house, token, *words).returncode == 3, words
    (listed,) = said(assent(house, "ben", "tokens", "list", "--json"))["items"]
    assert (listed["id"], "token" in listed) == (minted["id"], False)
    assert listed["seen_at"] is not None
    assert assent(house, "ben", "tokens", "revoke", minted["id"]).returncode == 0
    assert as_program(house, token, "whoami").returncode == 8


@dataclass
class Browser:
    """A browser without scripts, in which somebody is signed in."""

    gateway: Gateway
    http: httpx2.Client

    def csrf(self, page: str) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', page)
        assert found, page
        return found[1]


@pytest.fixture
def browser(house: Gateway) -> Iterator[Browser]:
    person = house.world.people["ana"]
    with httpx2.Client(base_url=house.url, headers={"origin": house.url}, trust_env=False) as http:
        form = {"name": "ana", "password": person.password.reveal()}
        assert http.post("/sign-in", data=form).status_code == 303
        yield Browser(house, http)


def login(gateway: Gateway, home: Path, *options: str) -> subprocess.Popen[str]:
    """Start `assent login` where there is no browser but one that writes down what it opens."""
    opener = home / "opens"
    opener.parent.mkdir(parents=True, exist_ok=True)
    opener.write_text(
        f'#!/bin/sh\nprintf "%s" "$1" > {home}/opened.new\nmv {home}/opened.new {home}/opened\n'
    )
    opener.chmod(0o700)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ASSENT")}
    return subprocess.Popen(
        [sys.executable, "-m", "assent", "login", gateway.url, *options],
        env=kept | {"ASSENT_HOME": str(home), "BROWSER": str(opener), "ASSENT_KEYRING": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_browser_of_the_machine_signs_its_command_line_in(
    house: Gateway, browser: Browser, tmp_path: Path
) -> None:
    process = login(house, tmp_path, "--json")
    try:
        opened = tmp_path / "opened"
        address = eventually(lambda: opened.exists() and opened.read_text(), "it opens a page")
        page = browser.http.get(address)
        port = re.search(r'name="port" value="(\d+)"', page.text)
        assert port
        assert (
            f"form-action 'self' http://127.0.0.1:{port[1]};"
            in page.headers["content-security-policy"]
        )
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        form = {**fields, "answer": "allow"}
        led = browser.http.post("/sign-in/command-line", data=form)
        assert led.status_code == 303
        assert led.headers["location"].startswith(f"http://127.0.0.1:{port[1]}/?code=")
        brought = httpx2.get(led.headers["location"], trust_env=False)
        assert "is signed in" in brought.text
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert json.loads(out)["subject"]["name"] == "ana"
    kept = tmp_path / "credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    who = said(as_program(house, json.loads(kept.read_text())["token"], "whoami", "--json"))
    assert (who["sign_in"], who["method"]) == ("command-line", "password")
    again = httpx2.post(
        f"{house.url}/v1/login/code",
        json={
            "code": led.headers["location"].split("code=")[1].split("&")[0],
            "verifier": "v" * 43,
        },
    )
    assert again.status_code == 403


def test_a_code_typed_at_another_browser_signs_a_command_line_in(
    house: Gateway, browser: Browser, tmp_path: Path
) -> None:
    process = login(house, tmp_path, "--device", "--json")
    try:
        assert process.stderr is not None
        lines = ""
        while not (shown := re.search(r"\b([B-Z]{4}-[B-Z]{4})\b", lines)):
            lines += process.stderr.readline()
        page = browser.http.get("/device", params={"code": shown[1].lower()}).text
        assert "If somebody sent you this code" in page
        form = {"csrf": browser.csrf(page), "code": shown[1], "answer": "allow"}
        assert "is signed in as you" in browser.http.post("/device", data=form).text
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert json.loads(out)["subject"]["name"] == "ana"


def test_what_is_refused_in_the_browser_signs_nobody_in(
    house: Gateway, browser: Browser, tmp_path: Path
) -> None:
    process = login(house, tmp_path)
    try:
        opened = tmp_path / "opened"
        address = eventually(lambda: opened.exists() and opened.read_text(), "it opens a page")
        page = browser.http.get(address).text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        led = browser.http.post("/sign-in/command-line", data={**fields, "answer": "refuse"})
        httpx2.get(led.headers["location"], trust_env=False)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, "refused" in err) == (3, True)
    assert not (tmp_path / "credentials.json").exists()


def test_a_page_keeps_what_it_was_asked_while_somebody_signs_in(house: Gateway) -> None:
    with httpx2.Client(base_url=house.url, trust_env=False) as http:
        led = http.get("/device", params={"code": "BCDF-GHJK"})
        assert led.headers["location"] == "/sign-in?next=/device%3Fcode%3DBCDF-GHJK"
