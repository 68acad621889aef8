"""`[audit]`: the log's master key, how long what it holds is kept, and who outside sees it."""

import re
from dataclasses import dataclass
from datetime import timedelta

from assent.core.faults import OperatorFault
from assent.witnesses.settings import (
    AnchorConfig,
    WitnessConfig,
    check_anchors,
    check_witnesses,
    span,
)

FILE = "file:"
TRANSIT = "vault-transit:"
_DAYS = re.compile(r"([1-9][0-9]{0,4})d", re.ASCII)
_PLACE = re.compile(r"(?!.*\.\.)[\w-]+(?:/[\w.-]+)*/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """`[audit]`: the log's master key, how long what it holds is kept, and who outside sees it.

    master_key: what wraps the keys that payloads and recordings are sealed under:
    `file:PATH` of 32 bytes, relative to this file; or `vault-transit:MOUNT/KEY`, a key of Vault's
    transit engine, made with `derived=true`, which needs the section `[vault]`; by default
    `master.key` in the data folder, made at the first start. former_master_key: the one before it;
    what it wrapped is wrapped anew at the next start, and then it is not needed. retention: how
    many days entries and recordings are kept, such as `400d`; what is older is deleted every hour,
    its hashes stay; without it, nothing is. witness_every: how often witnesses are asked.
    fresh_within: how old the newest observation from outside may be before the status page warns.
    witnesses: who signs that the log only grows, each a table `[[audit.witnesses]]`. anchors:
    where checkpoints are kept outside, each a table `[[audit.anchors]]`.
    """

    master_key: str = ""
    former_master_key: str = ""
    retention: str = ""
    witness_every: str = "10s"
    fresh_within: str = "5m"
    witnesses: tuple[WitnessConfig, ...] = ()
    anchors: tuple[AnchorConfig, ...] = ()

    @property
    def pause(self) -> timedelta:
        """How long witnesses are left alone. Raises OperatorFault."""
        return span(self.witness_every, timedelta(seconds=1), "[audit] witness_every")

    @property
    def freshness(self) -> timedelta:
        """How old the newest observation may be. Raises OperatorFault."""
        return span(self.fresh_within, timedelta(seconds=1), "[audit] fresh_within")


def check_audit(audit: AuditConfig, has_vault: bool, place: str) -> None:
    """Raise OperatorFault for what cannot work."""
    retention(audit, place)
    for name in ("witness_every", "fresh_within"):
        span(getattr(audit, name), timedelta(seconds=1), f"{place} {name}")
    check_witnesses(audit.witnesses, place.replace("[audit]", "[[audit.witnesses]]"))
    check_anchors(audit.anchors, place.replace("[audit]", "[[audit.anchors]]"))
    _check_master_key(audit.master_key, has_vault, f"{place} master_key")
    _check_master_key(audit.former_master_key, has_vault, f"{place} former_master_key")


def _check_master_key(key: str, has_vault: bool, where: str) -> None:
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
