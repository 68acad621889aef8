"""What people did with a real psql is in the reports, with receipts that the verifier accepts."""

import csv
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ViewportSize, sync_playwright

import gateway_world
from assent.cli.client import Client
from assent.cli.report_verification import Trust, verified
from assent.cli.report_words import verdict, verdict_kind
from assent.core.secret import Secret
from assent.demo.programs import psql_program
from assent.demo.world import World
from chromium_house import ARGUMENTS, CHROMIUM, SCREENSHOTS
from gateway_world import Credential, Gateway, assent, eventually

POLICIES = """
@id("shop.break-glass") @max_duration("10m") @review("1d: security") @record_results
permit (principal in Group::"engineers", action == Action::"access.break-glass",
  resource == Target::"shop");
"""
# At 96 dots an inch, without margins of 11 mm.
A4_LANDSCAPE: ViewportSize = {"width": 1039, "height": 710}
REASON = '=HYPERLINK("x") orders are stuck <b>since</b> noon'


@dataclass(frozen=True, slots=True)
class Worked:
    """A gateway on which people worked. request: of a delete that Ben let go."""

    gateway: Gateway
    request: str
    rejected: str
    session: str
    review: str
    table: str


@pytest.fixture(scope="module")
def worked(
    template: World, shop: gateway_world.Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worked]:
    shop.run(
        "create table reported as select id, id as cents from generate_series(1, 1000) as id;"
        "grant select, insert, update, delete on reported to public"
    )
    created = gateway_world.create_world(tmp_path_factory.mktemp("reported") / "world", template)
    (created.folder / "policies" / "glass.cedar").write_text(POLICIES, encoding="utf-8")
    with gateway_world.serving(created) as gateway:
        yield _work(gateway)


def _work(gateway: Gateway) -> Worked:
    credential = gateway.connect_as("ana", connections=8)
    assert psql(credential, "update reported set cents = 0 where id <= 7").returncode == 0
    assert "no policy permits" in psql(credential, "truncate reported").stderr
    assert psql(credential, "select count(*) from reported").returncode == 0
    request = _held(gateway, credential, "delete from reported", gateway.approve)
    rejected = _held(gateway, credential, "update reported set cents = 1", gateway.reject)
    said = assent(gateway, "ana", "break-glass", "shop", "--reason", REASON, "--json")
    assert said.returncode == 0, said.stderr
    opened = json.loads(said.stdout)
    host, port = gateway.postgres
    emergency = Credential(
        host, port, opened["user"], opened["password"], opened["database"], opened["grant"]["id"]
    )
    insert = "insert into reported select id, 0 from generate_series(1, 3) as id"
    assert psql(emergency, insert).returncode == 0
    review = opened["reviews"][0]["id"]
    found = eventually(
        lambda: gateway.answer("carl", "GET", f"/v1/reviews/{review}")["sessions"] or None,
        "the review shows the session",
    )
    closed = assent(gateway, "carl", "review", review, "--justified", "--comment", "it was stuck")
    assert closed.returncode == 0, closed.stderr
    return Worked(gateway, request, rejected, found[0]["id"], review, "public.reported")


def _held(gateway: Gateway, credential: Credential, text: str, answer: Any) -> str:
    with subprocess.Popen(
        [psql_program(), "-X", "-c", text],
        env=credential.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as held:
        request = gateway.wait_for_request(text)
        answer(request)
        held.wait(30)
    gateway.wait_until(request, "completed", "rejected")
    return request


def psql(credential: Credential, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [psql_program(), "-X", "-A", "-t", "-c", text],
        env=credential.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def report(worked: Worked, name: str, *more: str) -> dict[str, Any]:
    """Return a report that was verified by the log's key."""
    key = worked.gateway.call("carl", "GET", "/v1/audit/export/key")
    if not key.is_success:
        worked.gateway.answer("carl", "GET", "/v1/audit/export")
        key = worked.gateway.call("carl", "GET", "/v1/audit/export/key")
    done = assent(
        worked.gateway, "carl", "report", name, "--since", "yesterday",
        "--key", key.text.strip(), "--json", *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(pack: dict[str, Any], table: str) -> list[dict[str, Any]]:
    (found,) = (one for one in pack["tables"] if one["name"] == table)
    names = [column["name"] for column in found["columns"]]
    return [dict(zip(names, row, strict=True)) for row in found["rows"]]


def figures(pack: dict[str, Any]) -> dict[str, int]:
    return {one["label"]: one["value"] for one in pack["figures"]}


def test_every_privileged_action_is_there_with_the_receipt_of_its_decision(
    worked: Worked, tmp_path: Path
) -> None:
    pack = report(worked, "privileged-actions")
    ours = [one for one in rows(pack, "actions") if worked.table in one["to what"]]
    told = [
        (one["what"].partition(";")[0], one["decision"], one["rows"], one["approvers"])
        for one in ours
    ]
    assert told[:4] == [
        ("sql.update", "permitted", 7, ""),
        ("sql.truncate", "denied no-permit", None, ""),
        ("sql.delete", "held, completed", 1000, "ben"),
        ("sql.update", "held, rejected", None, "ben (rejected)"),
    ]
    assert [one["request"] for one in ours[2:4]] == [worked.request, worked.rejected]
    assert ours[4]["session"] == worked.session
    explained = worked.gateway.explanation(ours[0]["receipt"])
    assert explained["why"][0]["verb"] == "sql.update"
    fetched = assent(
        worked.gateway, "carl", "receipt", ours[2]["receipt"], "--out", str(tmp_path), "--json"
    )
    assert fetched.returncode == 0, fetched.stderr


def test_the_verified_log_has_what_the_report_says(worked: Worked) -> None:
    for name in ("access-review", "privileged-actions", "approvals", "break-glass"):
        pack = report(worked, name)
        said = pack["verification"]
        assert said["exit_code"] in (0, 2), said
        assert [one for one in said["checks"] if one["status"] == "failed"] == []
        assert said["continues"]
        assert said["pinned"]
        assert said["rows"]["missing"] == []
        assert said["rows"]["in_period"] == pack["entries"]["in_period"]


def test_requests_and_answers_are_there_with_who_and_when(worked: Worked) -> None:
    pack = report(worked, "approvals")
    asked = {one["request"]: one for one in rows(pack, "requests")}
    assert asked[worked.request]["answers"] == "ben approve"
    assert asked[worked.request]["outcome"] == "completed"
    assert asked[worked.rejected]["outcome"] == "rejected"
    answers = [one for one in rows(pack, "answers") if one["request"] == worked.request]
    (answer,) = answers
    assert (answer["approver"], answer["answer"], answer["comment"]) == ("ben", "approve", "fine")
    assert answer["stage"] == "1: dba"
    assert answer["requester"] == "ana"
    assert figures(pack)["answers"] == len(rows(pack, "answers")) == 2
    assert figures(pack)["requests"] == len(asked)


def test_a_use_of_break_glass_is_there_with_what_was_done_and_who_looked(worked: Worked) -> None:
    pack = report(worked, "break-glass")
    (use,) = rows(pack, "uses")
    assert (use["who"], use["target"], use["review"]) == ("ana", "shop", "justified")
    assert use["reason"] == REASON
    assert "sql.insert 1" in use["what was done"]
    assert use["rows"] == 3
    (review,) = rows(pack, "reviews")
    assert (review["reviewer"], review["found"]) == ("carl", "it was stuck")
    assert review["review"] == worked.review
    assert figures(pack)["overdue"] == 0


def test_access_is_there_with_its_grant_and_its_last_use(worked: Worked) -> None:
    pack = report(worked, "access-review")
    held = [one for one in rows(pack, "grants") if one["holder"] == "ana"]
    assert {one["kind"] for one in held} == {"access", "break-glass"}
    assert all(one["last used"] for one in held)
    assert all(one["granted by"].startswith("policy ") for one in held)
    assert {one["name"] for one in rows(pack, "people")} >= {"ana", "ben", "carl"}


def test_files_are_safe_for_spreadsheets_and_browsers_and_only_for_their_owner(
    worked: Worked, tmp_path: Path
) -> None:
    arguments = ("report", "break-glass", "--since", "yesterday", "--out", str(tmp_path))
    done = assent(worked.gateway, "carl", *arguments)
    assert done.returncode == 0, done.stderr
    assert "the key is the one that the server itself named" in done.stdout.lower()
    files = {path.name.partition("-2")[0]: path for path in tmp_path.glob("*.html")}
    text = files["break-glass"].read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<b>since</b>" not in text
    assert "&lt;b&gt;since" in text
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
    (uses,) = tmp_path.glob("*-uses.csv")
    content = uses.read_bytes().decode("utf-8")
    assert content.endswith("\r\n")
    (row,) = list(csv.DictReader(content.splitlines()))
    assert row["reason"] == "'" + REASON


def test_only_overseers_make_reports_and_an_empty_period_says_so(worked: Worked) -> None:
    refused = assent(worked.gateway, "ana", "report", "approvals", "--since", "yesterday")
    assert refused.returncode == 3
    assert "needs the permission `log.read`" in refused.stderr
    empty = assent(
        worked.gateway, "carl", "report", "break-glass", "--since", "2020-01", "--until", "2020-02",
        "--no-verify", "--json",
    )  # fmt: skip
    pack = json.loads(empty.stdout)
    assert pack["verification"] == "not verified"
    assert {one["empty"] for one in pack["tables"] if not one["rows"]} >= {
        "Nobody broke the glass in this period."
    }


@pytest.mark.parametrize(
    "name", ["access-review", "privileged-actions", "approvals", "break-glass"]
)
def test_the_page_reads_well_in_a_browser_and_on_paper(
    worked: Worked, tmp_path: Path, name: str
) -> None:
    arguments = ("report", name, "--since", "yesterday", "--out", str(tmp_path))
    done = assent(worked.gateway, "carl", *arguments, "--format", "html")
    assert done.returncode == 0, done.stderr
    (page,) = tmp_path.iterdir()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        shown = browser.new_page(viewport={"width": 1400, "height": 900})
        shown.on("console", lambda message: errors.append(message.text))
        shown.goto(page.as_uri())
        shown.screenshot(path=SCREENSHOTS / f"report-{name}.png", full_page=True)
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert shown.evaluate(wide), "nothing but tables scrolls sideways"
        shown.emulate_media(color_scheme="dark")
        shown.screenshot(path=SCREENSHOTS / f"report-{name}-dark.png")
        shown.emulate_media(media="print")
        shown.set_viewport_size(A4_LANDSCAPE)
        checks = "document.querySelector('.first table').getBoundingClientRect().bottom"
        assert shown.evaluate(checks) < A4_LANDSCAPE["height"], "the checks are on the first page"
        shown.pdf(path=SCREENSHOTS / f"report-{name}.pdf", prefer_css_page_size=True)
        browser.close()
    assert errors == []


def test_a_server_whose_report_is_not_what_its_log_says_is_found_out(
    worked: Worked, tmp_path: Path
) -> None:
    login = {
        "name": "carl",
        "password": worked.gateway.world.people["carl"].password.reveal(),
    }
    token = worked.gateway.answer("carl", "POST", "/v1/login", login)["token"]
    client = Client(worked.gateway.url, Secret(token))
    honest = client.get("/v1/reports/approvals", since="2020-01-01T00:00:00Z")
    trust = Trust(folder=tmp_path / "export")

    def said(pack: dict[str, Any]) -> tuple[str, str]:
        pack = {**pack, "verification": verified(client, pack, trust)}
        return verdict_kind(pack), " ".join(verdict(pack))

    assert said(honest)[0] == "open"
    assert "the one that the server itself named" in said(honest)[1]
    invented = json.loads(json.dumps(honest))
    answers = next(one for one in invented["tables"] if one["name"] == "answers")
    answers["rows"][0][-1] = "ent_invented"
    assert said(invented)[0] == "bad"
    assert "Missing are ent_invented." in said(invented)[1]
    fewer = {**honest, "entries": {**honest["entries"], "in_period": 3}}
    kind, words = said(fewer)
    assert kind == "bad"
    assert "another number of entries" in words
    note = honest["checkpoint"]["note"].split("\n")
    other = "\n".join([note[0], "7", *note[2:]])
    forged = {**honest, "checkpoint": {**honest["checkpoint"], "note": other}}
    kind, words = said(forged)
    assert kind == "bad"
    assert "was not shown" in words
    # The export that was kept is a good one by itself.
    checked = assent(
        worked.gateway, "carl", "audit", "verify", str(trust.folder), "--key",
        str(tmp_path / "export" / "key"),
    )  # fmt: skip
    assert checked.returncode in (0, 2), checked.stdout
