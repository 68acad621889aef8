"""Devices with the real command line, a real gateway and real psql: bound, shown, cut."""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import gateway_world
from assent.audit.approval_signatures import encoded
from assent.audit.device_statements import report_message, report_of
from assent.cli.exit_codes import ExitCode
from assent.core.device import Device
from assent.demo.world import World
from gateway_world import Gateway, Shop, assent

WITHIN_S = 1.0
KEPT_WELL = """
@id("devices.kept") @message("this needs an admitted device with its firewall on")
forbid (principal in Group::"engineers", action == Action::"session.open", resource)
unless { context.device.bound && context.device.firewall };
"""
# The server's own one was built without TLS.
PSQL = shutil.which("psql") or ""
pytestmark = pytest.mark.skipif(not PSQL, reason="there is no psql with TLS here")


@pytest.fixture(scope="module")
def offering(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that certifies the keys of devices, and asks clients for them."""
    folder = tmp_path_factory.mktemp("devices") / "world"
    change = ((r"(\[postgres\]\n)", r'\1client_certificates = "require"\n'),)
    created = gateway_world.create_world(folder, template, change=change)
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def asking(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose policies ask for a device that is kept well, admitted by somebody."""
    folder = tmp_path_factory.mktemp("kept") / "world"
    created = gateway_world.create_world(folder, template)
    (created.folder / "policies" / "devices.cedar").write_text(KEPT_WELL, encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running


def enrolled(gateway: Gateway, name: str) -> str:
    """Return the id of this person's device, which is enrolled if need be."""
    file = str(gateway.world.people[name].password_file)
    words = ("device", "enroll", "--protection", "file", "--password-file", file, "--json")
    done = assent(gateway, name, *words)
    if done.returncode == 5:
        kept = gateway.world.people[name].home / "device-keys.json"
        return str(json.loads(kept.read_text())[-1]["id"])
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["id"])


def opened(gateway: Gateway, name: str, *more: str) -> Any:
    done = assent(gateway, name, "connect", "shop", "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def psql(
    shop: Shop, given: Any, *words: str, cert: str = "", key: str = "", mode: str = "require"
) -> "subprocess.CompletedProcess[str]":
    text = f"host={given['host']} port={given['port']} user={given['user']} dbname=shop"
    text += f" sslmode={mode}"
    if cert:
        text += f" sslcert={cert} sslkey={key}"
    environment = {"PGPASSWORD": given["password"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    return subprocess.run(
        [PSQL, text, "-Atc", *(words or ("select 1",))],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_psql_passes_with_the_certificate_of_the_device_that_asked(
    offering: Gateway, shop: Shop
) -> None:
    enrolled(offering, "ana")
    given = opened(offering, "ana")
    assert given["device"].startswith("key_")
    assert Path(given["sslkey"]).stat().st_mode & 0o777 == 0o600
    done = psql(shop, given, cert=given["sslcert"], key=given["sslkey"])
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_a_password_without_a_certificate_opens_nothing(offering: Gateway, shop: Shop) -> None:
    enrolled(offering, "ana")
    given = opened(offering, "ana")
    for mode in ("require", "disable"):
        done = psql(shop, given, mode=mode)
        assert done.returncode == 2
        assert "opens nothing without the client certificate of its device" in done.stderr


def test_the_certificate_of_another_device_is_refused(offering: Gateway, shop: Shop) -> None:
    enrolled(offering, "ana")
    enrolled(offering, "ben")
    stolen, own = opened(offering, "ana"), opened(offering, "ben")
    done = psql(shop, stolen, cert=own["sslcert"], key=own["sslkey"])
    assert done.returncode == 2
    assert "is of another device than this password" in done.stderr


def test_a_password_that_no_device_asked_for_opens_nothing_where_certificates_are_required(
    offering: Gateway, shop: Shop
) -> None:
    enrolled(offering, "ben")
    unbound = offering.answer("ana", "POST", "/v1/connect", {"target": "shop"})
    own = opened(offering, "ben")
    assert psql(shop, unbound).returncode == 2
    assert psql(shop, unbound, cert=own["sslcert"], key=own["sslkey"]).returncode == 2


def test_a_revoked_device_is_cut_within_a_second_and_its_passwords_open_nothing(
    offering: Gateway, shop: Shop
) -> None:
    key = enrolled(offering, "ana")
    given, later = opened(offering, "ana"), opened(offering, "ana")
    text = f"host={given['host']} port={given['port']} user=ana dbname=shop sslmode=require"
    text += f" sslcert={given['sslcert']} sslkey={given['sslkey']}"
    with subprocess.Popen(
        [PSQL, text, "-At"],
        env={"PGPASSWORD": given["password"], "LC_ALL": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as busy:
        assert busy.stdin is not None
        assert busy.stdout is not None
        busy.stdin.write("select 1 \\watch 0.02\n")
        busy.stdin.flush()
        assert busy.stdout.readline()
        began = time.monotonic()
        offering.answer("ana", "POST", f"/v1/devices/{key}/revoke")
        # What it says first: then it tries to come back, which takes it its time.
        assert busy.stderr is not None
        said = busy.stderr.readline()
        took = time.monotonic() - began
        busy.kill()
    assert "its device was revoked" in said
    assert took < WITHIN_S, took
    done = psql(shop, later, cert=later["sslcert"], key=later["sslkey"])
    assert done.returncode == 2
    again = assent(offering, "ana", "connect", "shop", "--json")
    assert again.returncode != 0
    assert "is revoked" in again.stderr
    assert assent(offering, "ana", "device", "revoke", key).returncode != 0
    (offering.world.people["ana"].home / "device-keys.json").unlink()


def reported(gateway: Gateway, name: str, *, firewall: bool) -> None:
    """Report as the command line does, of a machine that is kept so."""
    (kept,) = json.loads((gateway.world.people[name].home / "device-keys.json").read_text())
    key = Ed25519PrivateKey.from_private_bytes(b64decode(kept["seed"]))
    begun = gateway.answer(name, "POST", f"/v1/devices/{kept['id']}/report/challenge")
    device = Device("", reported_at=datetime.now(UTC), firewall=firewall)
    said = report_of(kept["id"], begun["challenge"], device, "tests")
    signature = encoded(key.sign(report_message(said)))
    body = {"report": said, "signature": signature}
    gateway.answer(name, "POST", f"/v1/devices/{kept['id']}/report", body)


def test_a_report_that_says_less_cuts_what_is_open_within_a_second(
    asking: Gateway, shop: Shop
) -> None:
    key = enrolled(asking, "ana")
    reported(asking, "ana", firewall=True)
    refused = psql(shop, opened(asking, "ana"), mode="disable")
    assert refused.returncode == 2
    assert "an admitted device with its firewall on" in refused.stderr
    done = assent(asking, "carl", "device", "admit", key)
    assert done.returncode == 0, done.stderr
    given = opened(asking, "ana")
    unbound = asking.answer("ana", "POST", "/v1/connect", {"target": "shop"})
    assert psql(shop, unbound, mode="disable").returncode == 2
    text = f"host={given['host']} port={given['port']} user=ana dbname=shop"
    with subprocess.Popen(
        [PSQL, text, "-At"],
        env={"PGPASSWORD": given["password"], "LC_ALL": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as busy:
        assert busy.stdin is not None
        assert busy.stdout is not None
        busy.stdin.write("select 1 \\watch 0.02\n")
        busy.stdin.flush()
        assert busy.stdout.readline()
        began = time.monotonic()
        reported(asking, "ana", firewall=False)
        # What it says first: then it tries to come back, which takes it its time.
        assert busy.stderr is not None
        said = busy.stderr.readline()
        took = time.monotonic() - began
        busy.kill()
    assert "device reported another state" in said
    assert took < WITHIN_S, took


def test_the_command_line_says_how_this_machine_is_kept(asking: Gateway) -> None:
    key = enrolled(asking, "ben")
    dry = assent(asking, "ben", "device", "report", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "only the system that manages devices can say so" in dry.stdout
    done = assent(asking, "ben", "device", "report", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["managed"] is None
    listed = assent(asking, "carl", "device", "list", "--all", "--json")
    found = {item["id"]: item for item in json.loads(listed.stdout)["items"]}
    assert found[key]["owner"] == "ben"
    assert found[key]["posture"]["system"]


def test_a_login_on_an_enrolled_device_is_bound_to_it_and_ends_with_it(asking: Gateway) -> None:
    person = asking.world.people["ben"]
    key = enrolled(asking, "ben")
    login = ("login", asking.url, "--name", "ben", "--password-file", str(person.password_file))
    done = assent(asking, "ben", *login)
    assert done.returncode == 0, done.stderr
    said = json.loads(assent(asking, "ben", "whoami", "--json").stdout)
    assert said["device"] == key
    assert key in assent(asking, "ben", "whoami").stdout
    kept = person.home / "device-keys.json"
    known = kept.read_bytes()
    revoked = assent(asking, "ben", "device", "revoke", key)
    assert revoked.returncode == 0, revoked.stderr
    kept.write_bytes(known)
    assert assent(asking, "ben", "whoami").returncode == ExitCode.NOT_SIGNED_IN
    # A device that was revoked vouches for nobody, and is no reason not to sign in.
    again = assent(asking, "ben", *login)
    assert again.returncode == 0, again.stderr
    assert "is revoked" in again.stderr
    assert json.loads(assent(asking, "ben", "whoami", "--json").stdout)["device"] is None
    kept.unlink()


def test_ending_other_sign_ins_cuts_what_they_opened_within_a_second(
    asking: Gateway, shop: Shop
) -> None:
    key = enrolled(asking, "ana")
    reported(asking, "ana", firewall=True)
    assent(asking, "carl", "device", "admit", key)
    given = opened(asking, "ana")
    text = f"host={given['host']} port={given['port']} user=ana dbname=shop sslmode=disable"
    with subprocess.Popen(
        [PSQL, text, "-At"],
        env={"PGPASSWORD": given["password"], "LC_ALL": "C.UTF-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as busy:
        assert busy.stdin is not None
        assert busy.stdout is not None
        assert busy.stderr is not None
        busy.stdin.write("select 1 \\watch 0.02\n")
        busy.stdin.flush()
        assert busy.stdout.readline()
        began = time.monotonic()
        asking.answer("ana", "DELETE", "/v1/account/sign-ins")
        said = busy.stderr.readline()
        took = time.monotonic() - began
        busy.kill()
    assert "so was its sign-in" in said
    assert took < WITHIN_S, took
    # The command line was signed out by it as well.
    file = str(asking.world.people["ana"].password_file)
    again = assent(asking, "ana", "login", asking.url, "--name", "ana", "--password-file", file)
    assert again.returncode == 0, again.stderr
