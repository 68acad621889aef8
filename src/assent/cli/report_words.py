"""What is said of a report's verification, on its first page and in the terminal."""

from collections.abc import Mapping
from typing import Any

NOT_VERIFIED = "not verified"
_VERDICTS = {
    0: ("good", "Verified: the log is what was signed"),
    1: ("bad", "TAMPERED: the log is not what was signed, or a rule was broken"),
    2: ("open", "Verified in part: something of the log is missing or still open"),
    3: ("open", "Stale: nobody outside has seen the log for too long"),
    4: ("bad", "UNTRUSTED: nobody whom the reader trusts has signed this log"),
}


def moment(at: str) -> str:
    """Return an instant as people read it, to the second."""
    return at[:19].replace("T", " ")


def verdict_kind(pack: Mapping[str, Any]) -> str:
    """Return `good`, `open` or `bad`."""
    said = pack["verification"]
    if isinstance(said, str):
        return "open"
    kind = _VERDICTS[said["exit_code"]][0]
    elsewhere = said["exit_code"] == 0 and not said["continues"]
    if said["rows"]["missing"] or _miscounted(pack) or elsewhere:
        return "bad"
    return "open" if kind == "good" and not said["pinned"] else kind


def _miscounted(pack: Mapping[str, Any]) -> bool:
    counted: int = pack["verification"]["rows"]["in_period"]
    return counted != int(pack["entries"]["in_period"])


def verdict(pack: Mapping[str, Any]) -> list[str]:
    """Return what the verification says: the verdict, then what it rests on."""
    said = pack["verification"]
    if isinstance(said, str):
        return [
            f"{said[:1].upper()}{said[1:]}",
            "Nothing here was proved: `assent report` verifies an export of the log when it is "
            "not told otherwise, and says what it found in this place.",
        ]
    found = [_VERDICTS[said["exit_code"]][1]]
    if said["rows"]["missing"]:
        found[0] = "NOT PROVED: this report names entries that the log does not have"
        found.append(f"Missing are {', '.join(said['rows']['missing'][:5])}.")
    if not said["continues"] and said["exit_code"] == 0:
        found[0] = "NOT PROVED: this report rests on another checkpoint"
    found.append(
        f"An export of {said['entries']} entries (size {said['size']}) was verified at "
        f"{moment(said['at'])} by assent-verify, and continues the checkpoint of this report."
        if said["continues"]
        else "That the export continues the checkpoint of this report was not shown."
    )
    if _miscounted(pack):
        found[0] = "NOT PROVED: the log has another number of entries in the period"
    else:
        found.append(f"It has {said['rows']['in_period']} entries in the period, as counted here.")
    if not said["rows"]["missing"]:
        count = said["rows"]["named"]
        found.append(f"Each of the {count} entries that the tables name as receipts is in it.")
    found.append(
        f"Trusted was {said['trusted']}."
        if said["pinned"]
        else "The key is the one that the server itself named: it shows that the log is whole, not "
        "whose it is. Give `--key` or `--policy` from somebody you trust."
    )
    return found
