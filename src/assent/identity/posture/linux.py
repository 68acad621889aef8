"""Linux: os-release(5), lsblk(8), systemctl(1), the package manager's log, gsettings(1)."""

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from assent.identity.posture.found import Fact, Posture, Read, Run, days_between, posture_of

_FIREWALLS = ("firewalld", "nftables", "ufw")
_KDE = ["--file", "kscreenlockerrc", "--group", "Daemon", "--key", "Autolock", "--default", "true"]
_ASKED = {
    "GNOME": (("gsettings", "get", "org.gnome.desktop.screensaver", "lock-enabled"),),
    "KDE": (("kreadconfig6", *_KDE), ("kreadconfig5", *_KDE)),
}
_DONE = frozenset({"upgrade", "install"})


def posture(run: Run, read: Read, now: datetime, desktop: str) -> Posture:
    """Return how a Linux machine is kept, as far as nobody has to be root to see it.

    desktop: the one that runs, as `XDG_CURRENT_DESKTOP` names it.
    """
    return posture_of(
        "linux",
        now,
        {
            "system": system(read("/etc/os-release")),
            "model": model(read("/sys/class/dmi/id/product_name")),
            "disk_encrypted": disk(run(("lsblk", "--json", "-o", "NAME,TYPE,MOUNTPOINTS"))),
            "firewall": firewall(run(("systemctl", "is-active", *_FIREWALLS))),
            "patch_age_days": patches(read("/var/log/dpkg.log"), run, now),
            "screen_lock": screen_lock(run, desktop),
            "managed": Fact(None, "only the system that manages devices can say so"),
        },
    )


def system(os_release: str | None) -> Fact:
    """Return what the system calls itself."""
    for line in (os_release or "").splitlines():
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            words = shlex.split(value)
            return Fact(words[0] if words else None, "`/etc/os-release` has an empty name")
    return Fact(None, "`/etc/os-release` names no system")


def model(product: str | None) -> Fact:
    """Return what the machine's maker calls it."""
    return Fact((product or "").strip() or None, "the firmware names no model")


def disk(lsblk: str | None) -> Fact:
    """Return whether the root file system lies on something that dm-crypt opened."""
    if lsblk is None:
        return Fact(None, "`lsblk` is not there")
    try:
        under = [*_paths_to_root(json.loads(lsblk)["blockdevices"], ())]
    except (ValueError, KeyError, TypeError, AttributeError):
        return Fact(None, "`lsblk` says nothing that can be read")
    if not under:
        return Fact(None, "`lsblk` does not show what `/` lies on, as in a container")
    return Fact(all("crypt" in types for types in under))


def _paths_to_root(devices: list[Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for device in devices:
        types = (*above, str(device.get("type", "")))
        if "/" in (device.get("mountpoints") or ()):
            yield types
        yield from _paths_to_root(device.get("children") or [], types)


def firewall(said: str | None) -> Fact:
    """Return whether one of the usual services is active. Rules that nobody runs are not seen."""
    states = (said or "").split()
    if not states or not set(states) & {"active", "inactive", "failed", "unknown"}:
        return Fact(None, "there is no systemd to ask which firewall is active")
    return Fact("active" in states)


def patches(dpkg_log: str | None, run: Run, now: datetime) -> Fact:
    """Return how many days ago the package manager last brought something newer."""
    if dpkg_log is not None:
        return days_between(newest_of_dpkg(dpkg_log), now, "`/var/log/dpkg.log`")
    installed = run(("rpm", "-qa", "--qf", "%{INSTALLTIME}\n"))
    if installed is None:
        return Fact(None, "neither dpkg's log nor rpm is there")
    times = [int(line) for line in installed.split() if line.isascii() and line.isdigit()]
    newest = datetime.fromtimestamp(max(times), UTC) if times else None
    return days_between(newest, now, "rpm")


def newest_of_dpkg(log: str) -> datetime | None:
    """Return when dpkg last installed or upgraded something; its log is in local time."""
    for line in reversed(log.splitlines()):
        words = line.split()
        if len(words) > 3 and words[2] in _DONE:
            try:
                return datetime.fromisoformat(f"{words[0]}T{words[1]}").astimezone(UTC)
            except ValueError:
                continue
    return None


def screen_lock(run: Run, desktop: str) -> Fact:
    """Return whether the desktop that runs locks itself, by what GNOME or KDE say.

    One that does not run may have settings all the same, which lock nothing.
    """
    for program in _ASKED.get(desktop.rpartition(":")[2], ()):
        said = (run(program) or "").strip()
        if said in ("true", "false"):
            return Fact(said == "true")
    return Fact(None, "neither GNOME nor KDE runs here and says so")
