"""`[audit]`: the log's master key, and how long what it holds is kept."""

import re
from dataclasses import dataclass
from datetime import timedelta

from assent.core.faults import OperatorFault

FILE = "file:"
TRANSIT = "vault-transit:"
_DAYS = re.compile(r"([1-9][0-9]{0,4})d", re.ASCII)
_PLACE = re.compile(r"(?!.*\.\.)[\w-]+(?:/[\w.-]+)*/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """`[audit]`: the log's master key, and how long what it holds is kept.

    master_key: what wraps the keys that payloads and recordings are sealed under:
    `file:PATH` of 32 bytes, relative to this file; or `vault-transit:MOUNT/KEY`, a key of Vault's
    transit engine, made with `derived=true`, which needs the section `[vault]`; by default
    `master.key` in the data folder, made at the first start. retention: how many days entries
    and recordings are kept, such as `400d`; what is older is deleted every day, its hashes stay;
    without it, nothing is.
    """

    master_key: str = ""
    retention: str = ""


def check_audit(audit: AuditConfig, has_vault: bool, place: str) -> None:
    """Raise OperatorFault for what cannot work."""
    retention(audit, place)
    key, where = audit.master_key, f"{place} master_key"
    if key.startswith(TRANSIT):
        if not _PLACE.fullmatch(key.removeprefix(TRANSIT)):
            words = f"`{key[:80]}` is not `{TRANSIT}MOUNT/KEY`, such as `{TRANSIT}transit/assent`"
            raise OperatorFault("config-value", words, where)
        if not has_vault:
            words = "needs the section `[vault]` with an `address`"
            raise OperatorFault("config-vault", words, where)
    elif key and (not key.startswith(FILE) or key == FILE):
        # Without its text: it may be the key itself.
        raise OperatorFault("config-value", f"must be `{FILE}PATH` or `{TRANSIT}MOUNT/KEY`", where)


def retention(audit: AuditConfig, place: str = "[audit]") -> timedelta | None:
    """Return how long entries are kept, None for ever. Raises OperatorFault."""
    if not audit.retention:
        return None
    try:
        return days(audit.retention)
    except ValueError as fault:
        raise OperatorFault("config-value", str(fault), f"{place} retention") from None


def days(text: str) -> timedelta:
    """Return the span of a text such as `400d`. Raises ValueError with what would be right."""
    found = _DAYS.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text[:40]}` is no number of days, such as `400d`")
    return timedelta(days=int(found[1]))
