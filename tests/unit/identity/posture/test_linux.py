"""How a Linux machine is kept, read from what its programs said on machines of several kinds."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from assent.identity.posture import linux

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nID=debian\n'


def lsblk(*devices: object) -> str:
    return json.dumps({"blockdevices": devices})


def part(name: str, kind: str, *mounts: str | None, **more: object) -> dict[str, object]:
    return {"name": name, "type": kind, "mountpoints": [*mounts], **more}


ENCRYPTED = lsblk(
    part(
        "nvme0n1", "disk", None,
        children=[
            part("nvme0n1p1", "part", "/boot/efi"),
            part("nvme0n1p3", "part", None, children=[
                part("nvme0n1p3_crypt", "crypt", None, children=[part("vg-root", "lvm", "/")])
            ]),
        ],
    )
)  # fmt: skip
PLAIN = lsblk(part("sda", "disk", None, children=[part("sda1", "part", "/")]))


def test_the_system_and_the_model_are_what_the_machine_calls_itself() -> None:
    assert linux.system(DEBIAN).value == "Debian GNU/Linux 13 (trixie)"
    assert linux.model("ThinkPad X1 Carbon Gen 12\n").value == "ThinkPad X1 Carbon Gen 12"
    for nothing in (None, "", "ID=debian\n"):
        assert linux.system(nothing).value is None
        assert linux.system(nothing).why


def test_the_disk_is_encrypted_where_the_root_lies_on_dm_crypt() -> None:
    assert linux.disk(ENCRYPTED).value is True
    assert linux.disk(PLAIN).value is False


@pytest.mark.parametrize("said", [None, "", "{}", "[]", lsblk(part("loop0", "loop", None)), "null"])
def test_where_the_root_is_not_seen_nothing_is_said_of_it(said: str | None) -> None:
    found = linux.disk(said)
    assert found.value is None
    assert found.why


def test_a_firewall_is_on_where_one_of_the_services_is_active() -> None:
    assert linux.firewall("inactive\nactive\ninactive\n").value is True
    assert linux.firewall("inactive\ninactive\nfailed\n").value is False
    for nothing in (None, "System has not been booted with systemd as init system\n"):
        assert linux.firewall(nothing).value is None


def test_patches_are_as_old_as_the_last_thing_that_dpkg_or_rpm_brought() -> None:
    log = (
        "2026-11-10 06:12:01 upgrade openssl:amd64 3.5.1-1 3.5.2-1\n"
        "2026-11-20 06:00:00 startup packages configure\n"
        "2026-11-20 06:00:01 status installed libc6:amd64 2.41\n"
    )
    assert linux.patches(log, lambda _: None, NOW).value in (11, 12)
    assert linux.patches("", lambda _: None, NOW).value is None
    at = int((NOW - timedelta(days=40)).timestamp())
    assert linux.patches(None, lambda _: f"12\n{at}\nnone\n", NOW).value == 40
    assert linux.patches(None, lambda _: None, NOW).why == "neither dpkg's log nor rpm is there"


def test_a_screen_lock_is_asked_of_the_desktop_that_runs_and_of_no_other() -> None:
    for said, value in (("true\n", True), ("false\n", False), ("what?", None), (None, None)):
        assert linux.screen_lock(lambda _, said=said: said, "ubuntu:GNOME").value is value
    assert linux.screen_lock(lambda _: "true", "KDE").value is True
    assert linux.screen_lock(lambda _: "true", "").value is None


def test_a_machine_without_any_of_it_says_why_for_each() -> None:
    found = linux.posture(lambda _: None, lambda _: None, NOW, "")
    assert found.device.reported_at == NOW
    assert set(found.whys) == {
        "system", "model", "disk_encrypted", "firewall", "patch_age_days", "screen_lock", "managed",
    }  # fmt: skip
