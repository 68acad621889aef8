"""macOS: sw_vers, fdesetup, socketfilterfw, sysadminctl and the list of what was installed."""

import plistlib
from datetime import UTC, datetime
from xml.parsers.expat import ExpatError

from assent.identity.posture.found import Fact, Posture, Read, Run, days_between, posture_of

_FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"
_HISTORY = "/Library/Receipts/InstallHistory.plist"
_UPDATES = ("macOS", "Security Update", "Rapid Security Response", "XProtect")


def posture(run: Run, read: Read, now: datetime) -> Posture:
    """Return how a Mac is kept."""
    return posture_of(
        "macos",
        now,
        {
            "system": system(run(("sw_vers",))),
            "model": _line(run(("sysctl", "-n", "hw.model")), "`sysctl` names no model"),
            "disk_encrypted": disk(run(("fdesetup", "status"))),
            "firewall": firewall(run((_FIREWALL, "--getglobalstate"))),
            "patch_age_days": days_between(newest(read(_HISTORY)), now, f"`{_HISTORY}`"),
            "screen_lock": screen_lock(run(("sysadminctl", "-screenLock", "status"))),
            "managed": Fact(None, "only the system that manages devices can say so"),
        },
    )


def system(sw_vers: str | None) -> Fact:
    """Return the system's name and version."""
    pairs = (line.partition(":") for line in (sw_vers or "").splitlines())
    said = {name.strip(): value.strip() for name, _, value in pairs}
    name, version = said.get("ProductName"), said.get("ProductVersion")
    return Fact(f"{name} {version}" if name and version else None, "`sw_vers` names no system")


def disk(fdesetup: str | None) -> Fact:
    """Return whether FileVault is on; while it still encrypts it is not."""
    said = fdesetup or ""
    if "FileVault is On" in said:
        return Fact("Encryption in progress" not in said)
    return Fact(False if "FileVault is Off" in said else None, "`fdesetup` does not say")


def firewall(said: str | None) -> Fact:
    """Return whether the application firewall is on, by the number of its state."""
    for state, value in (("State = 0", False), ("State = 1", True), ("State = 2", True)):
        if state in (said or ""):
            return Fact(value)
    return Fact(None, "`socketfilterfw` does not say")


def screen_lock(said: str | None) -> Fact:
    """Return whether the screen asks for a password when it wakes."""
    words = said or ""
    if "screenLock is off" in words:
        return Fact(False)
    return Fact(True if "screenLock delay is" in words else None, "`sysadminctl` does not say")


def newest(history: str | None) -> datetime | None:
    """Return when an update of the system was installed last."""
    try:
        items = plistlib.loads((history or "").encode())
        dates = [item["date"] for item in items if item["displayName"].startswith(_UPDATES)]
    except (ValueError, KeyError, TypeError, AttributeError, ExpatError):
        return None
    return max(dates).replace(tzinfo=UTC) if dates else None


def _line(said: str | None, why: str) -> Fact:
    return Fact((said or "").strip() or None, why)
