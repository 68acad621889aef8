"""Ana asks for two hours of everything; Ben offers half an hour of reading; that is what it is."""

import subprocess
from collections.abc import Iterator
from datetime import datetime

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, assent, eventually

PSQL = psql_program()
POLICIES = """
@id("ask.dba") @message("access needs a DBA") @hold("15m") @require("approve: 1 of dba")
forbid (principal in Group::"engineers", action == Action::"access.request",
  resource == Target::"shop");

@id("delegations") @max_duration("7d")
permit (principal in Group::"dba", action == Action::"delegation.give",
  resource == System::"delegations");
"""


@pytest.fixture(scope="module")
def asking(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway where a DBA decides on access, and DBAs may delegate."""
    created = gateway_world.create_world(tmp_path_factory.mktemp("offers") / "world", template)
    folder = created.folder / "policies"
    (folder / "offers.cedar").write_text(POLICIES, encoding="utf-8")
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('@max_duration("30m")', '@max_duration("4h")'), "utf-8")
    with gateway_world.serving(created) as running:
        yield running


def psql(credential: Credential, statement: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PSQL, "-X", "-A", "-t", "-c", statement],
        env=credential.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def asked(gateway: Gateway) -> str:
    body = {"target": "shop", "for_s": 7200, "reason": "the report of this month"}
    request = gateway.answer("ana", "POST", "/v1/requests", body)
    assert request["state"] == "pending"
    return str(request["id"])


def lasts_s(grant: dict[str, str]) -> float:
    ends, starts = (datetime.fromisoformat(grant[name]) for name in ("ends_at", "starts_at"))
    return (ends - starts).total_seconds()


def the_grant(gateway: Gateway, grant: str) -> dict[str, str]:
    items = gateway.answer("ana", "GET", "/v1/grants")["items"]
    return next(item for item in items if item["id"] == grant)


def test_half_an_hour_of_reading_is_offered_accepted_and_exactly_what_is_granted(
    asking: Gateway, table: str
) -> None:
    asking.give_back("ana")
    request = asked(asking)
    told = "half an hour of reading will do"
    offering = ("offer", request, "--for", "30m", "--read-only", "--comment", told)
    said = assent(asking, "ben", *offering)
    assert said.stdout == "you offered ana: for 30 min, read-only; they hear of it now\n"
    offered = asking.request(request)
    assert offered["state"] == "pending"
    assert [one["acceptable"] for one in offered["approvals"]] == [True]

    taken = assent(asking, "ana", "accept", request)
    assert "assent connect shop" in taken.stdout, taken.stdout + taken.stderr
    done = asking.wait_until(request, "completed")
    assert done["terms"]["words"] == ["for 30 min", "read-only"]
    grant = the_grant(asking, done["grant"])
    assert lasts_s(grant) == 1800

    credential = asking.connect_as("ana")
    assert credential.grant == done["grant"]
    assert psql(credential, f"select count(*) from {table}").stdout.strip() == "1000"
    written = psql(asking.connect_as("ana"), f"update {table} set cents = 1 where id = 1")
    assert written.returncode != 0
    assert "outside of what your access covers: reading" in written.stderr

    # Who offered thinks again: nothing is left of it, and ana's sessions end.
    asking.answer("ben", "POST", f"/v1/requests/{request}/retract")
    revoked = eventually(
        lambda: the_grant(asking, done["grant"])["state"] == "revoked", "the grant is revoked"
    )
    assert revoked
    because = the_grant(asking, done["grant"])["revoked_because"]
    assert because.startswith("ben withdrew their assent")
    kinds = [entry["kind"] for entry in asking.explanation(request)["entries"]]
    assert kinds.count("approval.withdrawn") == 1


def test_a_delegate_answers_while_the_delegation_lasts(
    asking: Gateway,
) -> None:
    request = asked(asking)
    path = f"/v1/requests/{request}/approve"
    assert asking.call("carl", "POST", path).status_code in (403, 404)
    said = assent(asking, "ben", "delegate", "dba", "to", "carl", "for", "1h")
    assert said.stdout.startswith("carl answers for dba in your place now: grt_"), said.stderr
    (given,) = asking.answer("carl", "GET", "/v1/delegations")["items"]
    body = {"group": "dba", "to": "ana", "for_s": 3600}
    assert asking.call("carl", "POST", "/v1/delegations", body).status_code == 403

    answered = asking.answer("carl", "POST", path)
    assert answered["approvals"][0]["in_place_of"] == "ben"
    assert asking.wait_until(request, "completed")["grant"]

    because = {"because": "back again"}
    asking.answer("ben", "POST", f"/v1/grants/{given['id']}/revoke", because)
    later = asked(asking)
    assert asking.call("carl", "POST", f"/v1/requests/{later}/approve").status_code == 403
