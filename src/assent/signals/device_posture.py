"""How well the device is kept: a cap on the best outcome, not an addend."""

from datetime import datetime, timedelta

from assent.core.action import Action
from assent.core.device import Device
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus
from assent.signals.weighing import failed, has_failed, missing
from assent.signals.words import age_words, all_words, count_words, reason_words

NAME = "device_posture"
_SOURCE = "device report"

UNMANAGED = 25
DISK_NOT_ENCRYPTED = 30
NO_SCREEN_LOCK = 25
FIREWALL_OFF = 25
PATCHES_OLD, PATCHES_OLD_DAYS = 30, 45
PATCHES_ANCIENT, PATCHES_ANCIENT_DAYS = 45, 120
REPORT_OLD, REPORT_OLD_DAYS = 25, 7
REPORT_ANCIENT, REPORT_ANCIENT_DAYS = 45, 30
"""The least score with each of these, and from which age, in days, it holds."""

_CLOCKS_DIFFER = timedelta(days=1)


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return the highest floor of all that is wrong with the device, and name all of it.

    UNAVAILABLE, with the floor of what is known, where it did not say everything.
    """
    device = evidence.device
    if has_failed(evidence, "device"):
        return failed(NAME, "the device's report could not be read", _SOURCE)
    if device is None:
        return missing(NAME, "no device reports how it is kept", _SOURCE)
    wrong = [*_faults(device), *_age_faults(device, now)]
    if wrong:
        status = SignalStatus.OBSERVED
        reason = f"the device has {all_words([words for _, words in wrong])}"
    elif unsaid := _unsaid(device):
        status = SignalStatus.UNAVAILABLE
        reason = f"the device does not say whether it has {all_words(unsaid)}"
    else:
        status = SignalStatus.ABSENT
        reason = "the device is kept as it should be"
    floor = max((least for least, _ in wrong), default=0)
    return Signal(
        NAME, status, reason_words(reason), floor=floor, at=device.reported_at, source=_SOURCE
    )


def _faults(device: Device) -> list[tuple[int, str]]:
    found = []
    if device.managed is False:
        found.append((UNMANAGED, "no management"))
    if device.disk_encrypted is False:
        found.append((DISK_NOT_ENCRYPTED, "no disk encryption"))
    if device.screen_lock is False:
        found.append((NO_SCREEN_LOCK, "no screen lock"))
    if device.firewall is False:
        found.append((FIREWALL_OFF, "its firewall off"))
    patched = device.patch_age_days
    if patched is not None and patched > PATCHES_OLD_DAYS:
        floor = PATCHES_ANCIENT if patched > PATCHES_ANCIENT_DAYS else PATCHES_OLD
        found.append((floor, f"patches of {count_words(patched, 'day')} ago"))
    return found


def _age_faults(device: Device, now: datetime) -> list[tuple[int, str]]:
    if device.reported_at is None:
        return []
    age = now - device.reported_at
    if age > timedelta(days=REPORT_OLD_DAYS):
        floor = REPORT_ANCIENT if age > timedelta(days=REPORT_ANCIENT_DAYS) else REPORT_OLD
        return [(floor, f"a report of {age_words(age.days)} ago")]
    # A date to come would make a report young for ever.
    return [(REPORT_OLD, "a report dated in the future")] if -age > _CLOCKS_DIFFER else []


def _unsaid(device: Device) -> list[str]:
    said = {
        "management": device.managed,
        "disk encryption": device.disk_encrypted,
        "a screen lock": device.screen_lock,
        "a firewall": device.firewall,
        "recent patches": device.patch_age_days,
        "a dated report": device.reported_at,
    }
    return [words for words, value in said.items() if value is None]


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"device"}), measure=measure)
