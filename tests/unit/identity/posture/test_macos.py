"""How a Mac is kept, read from what its programs say."""

import plistlib
from datetime import UTC, datetime

from assent.identity.posture import macos

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HISTORY = plistlib.dumps(
    [
        {"displayName": "macOS 26.1", "date": datetime(2026, 11, 2, 9, 0)},
        {"displayName": "Numbers", "date": datetime(2026, 11, 21, 9, 0)},
    ]
).decode()  # fmt: skip
SAID = {
    "sw_vers": "ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25B78\n",
    "sysctl": "Mac16,7\n",
    "fdesetup": "FileVault is On.\n",
    "/usr/libexec/ApplicationFirewall/socketfilterfw": "Firewall is enabled. (State = 1) \n",
    "sysadminctl": "2026-11-22 12:00:00.000 sysadminctl[1:2] screenLock delay is immediate\n",
}


def test_a_mac_that_is_kept_well_says_so() -> None:
    found = macos.posture(lambda words: SAID.get(words[0]), lambda _: HISTORY, NOW)
    device = found.device
    assert (device.system, device.model) == ("macOS 26.1", "Mac16,7")
    assert (device.disk_encrypted, device.firewall, device.screen_lock) == (True, True, True)
    assert (device.patch_age_days, device.managed) == (20, None)
    assert set(found.whys) == {"managed"}


def test_what_is_off_is_off_and_what_is_not_said_is_not_known() -> None:
    assert macos.disk("FileVault is Off.\n").value is False
    assert macos.disk(
        "FileVault is On.\nEncryption in progress: Percent completed = 3\n"
    ).value is (False)
    assert macos.disk("Error: not permitted").value is None
    assert macos.firewall("Firewall is disabled. (State = 0)").value is False
    assert macos.firewall(None).value is None
    assert macos.screen_lock("sysadminctl[1:2] screenLock is off").value is False
    assert macos.screen_lock("").value is None
    for nothing in (None, "", "<plist>", plistlib.dumps(["a"]).decode()):
        assert macos.newest(nothing) is None
