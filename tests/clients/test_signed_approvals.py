"""Approvals that must be signed: real commands, a real gateway, and a reader who trusts neither."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, assent

POLICIES = """
@id("ask.signed") @message("access needs a DBA's signature") @hold("15m")
@require("approve: 1 of dba, signed")
forbid (principal in Group::"engineers", action == Action::"access.request",
  resource == Target::"shop");
"""


@pytest.fixture(scope="module")
def signing(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway where only a signed assent of a DBA opens the shop."""
    created = gateway_world.create_world(tmp_path_factory.mktemp("signing") / "world", template)
    (created.folder / "policies" / "signed.cedar").write_text(POLICIES, encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running


def asked(gateway: Gateway) -> str:
    body = {"target": "shop", "for_s": 600, "reason": "the report of this month"}
    return str(gateway.answer("ana", "POST", "/v1/requests", body)["id"])


def enrolled(gateway: Gateway, name: str = "ben") -> str:
    """Enrol this person's command line and return the id of its key."""
    file = str(gateway.world.people[name].password_file)
    done = assent(gateway, name, "devices", "enroll", "--password-file", file, "--json")
    if done.returncode == 5:
        return str(json.loads(kept(gateway, name).read_text())[0]["id"])
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["id"])


def kept(gateway: Gateway, name: str) -> Path:
    return gateway.world.people[name].home / "device-keys.json"


def log_of(gateway: Gateway, folder: Path) -> tuple[int, dict[str, Any]]:
    """Export the log as Carl and return what verifying it says."""
    with_all = ("--with-keys", "--with-recordings")
    done = assent(gateway, "carl", "audit", "export", str(folder), *with_all)
    assert done.returncode == 0, done.stderr
    trust = ("--key", str(folder / "key"))
    verified = assent(gateway, "carl", "audit", "verify", str(folder), *trust, "--json")
    return verified.returncode, json.loads(verified.stdout)


def test_an_unsigned_assent_does_not_count_and_says_what_to_do(signing: Gateway) -> None:
    request = asked(signing)
    refused = signing.call("ben", "POST", f"/v1/requests/{request}/approve", {})
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("signature-needed")
    said = assent(signing, "ben", "approve", request, "--unsigned")
    assert said.returncode == 3
    assert "`assent device enroll` enrols this device" in said.stderr
    assert signing.request(request)["state"] == "pending"


def test_a_signed_assent_opens_the_target_and_the_log_proves_who_signed_what(
    signing: Gateway, tmp_path: Path
) -> None:
    key = enrolled(signing)
    assert kept(signing, "ben").stat().st_mode & 0o777 == 0o600
    request = asked(signing)
    unconfirmed = assent(signing, "ben", "approve", request)
    assert unconfirmed.returncode == 2, unconfirmed.stderr
    assert "nothing was signed" in unconfirmed.stderr
    assert "the report of this month" in unconfirmed.stderr
    assert signing.request(request)["state"] == "pending"

    said = assent(signing, "ben", "approve", request, typed="y\n")
    assert said.returncode == 0, said.stderr
    assert "you signed and assented to" in said.stdout
    done = signing.wait_until(request, "completed")
    assert done["approvals"][0]["signed"]

    entries = signing.explanation(request)["entries"]
    (answer,) = [entry for entry in entries if entry["kind"] == "approval"]
    assert answer["facts"]["key"] == key
    code, report = log_of(signing, tmp_path / "log")
    assert code == 0, report
    (check,) = [one for one in report["checks"] if one["number"] == 11]
    # Other tests sign at the same gateway.
    assert re.match(
        r"[1-9]\d* approvals? (is|are) signed by a key of who approved, good", check["details"][0]
    )
    # What was decided is what its policies give, asked again by somebody else.
    (decisions,) = [one for one in report["checks"] if one["number"] == 10]
    assert re.fullmatch(
        r"[1-9]\d* decisions are those that their policies give", decisions["details"][0]
    )


def test_a_revoked_device_signs_nothing_and_what_it_signed_stays_good(
    signing: Gateway, tmp_path: Path
) -> None:
    key = enrolled(signing)
    request = asked(signing)
    assert assent(signing, "ben", "approve", request, "--yes").returncode == 0
    signing.wait_until(request, "completed")
    # As a thief who copied the file would.
    stolen = kept(signing, "ben").read_text(encoding="utf-8")
    assert assent(signing, "ben", "devices", "revoke", key).returncode == 0
    kept(signing, "ben").write_text(stolen, encoding="utf-8")
    kept(signing, "ben").chmod(0o600)
    again = asked(signing)
    refused = assent(signing, "ben", "approve", again, "--yes")
    assert refused.returncode == 3
    assert f"device `{key}` is revoked" in refused.stderr
    assert signing.request(again)["state"] == "pending"
    assert enrolled(signing) != key
    code, report = log_of(signing, tmp_path / "log")
    assert code == 0, report


def test_an_offer_can_be_signed_and_counts_once_it_is_taken(signing: Gateway) -> None:
    enrolled(signing)
    request = asked(signing)
    offering = ("offer", request, "--for", "5m", "--read-only")
    said = assent(signing, "ben", *offering, typed="y\n")
    assert said.returncode == 0, said.stderr
    assert "you offer     for 5 min, read-only" in said.stderr
    assert assent(signing, "ana", "accept", request).returncode == 0
    done = signing.wait_until(request, "completed")
    assert [(one["verdict"], one["signed"]) for one in done["approvals"]] == [("offer", True)]
