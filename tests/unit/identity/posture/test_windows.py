"""How a Windows machine is kept, read from PowerShell's answer."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from assent.identity.posture import windows

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SAID = {
    "system": "Microsoft Windows 11 Pro 10.0.26100",
    "model": "Surface Laptop 7",
    "disk": 1,
    "firewall": [True, True, True],
    "patched": "2026-11-12T00:00:00Z",
    "lock": None,
    "inactivity": 900,
}


def of(**more: Any) -> Any:
    return windows.read_answer(json.dumps(SAID | more), NOW).device


def test_a_machine_that_is_kept_well_says_so() -> None:
    found = of()
    assert (found.system, found.model) == (SAID["system"], SAID["model"])
    assert (found.disk_encrypted, found.firewall, found.screen_lock) == (True, True, True)
    assert found.patch_age_days == 10


def test_what_is_off_is_off() -> None:
    for state in (2, 3, 4, 5):
        assert of(disk=state).disk_encrypted is False
    assert of(firewall=[True, False, True]).firewall is False
    assert of(inactivity=0, lock="0").screen_lock is False
    assert of(inactivity=None, lock="1").screen_lock is True


@pytest.mark.parametrize("answer", [None, "", "[]", "null", "no json", "{}"])
def test_an_answer_of_no_sense_says_nothing(answer: str | None) -> None:
    found = windows.read_answer(answer, NOW)
    assert found.device.disk_encrypted is None
    assert found.device.patch_age_days is None
    assert found.whys["firewall"]


def test_the_question_is_one_program_with_its_words_and_no_shell() -> None:
    asked: list[Any] = []
    windows.posture(asked.append, NOW)
    assert asked == [windows.COMMAND]
    assert windows.COMMAND[0] == "powershell.exe"
