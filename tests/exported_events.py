"""Entries as SIEMs are told of them: one of each kind, and events for sinks."""

from dataclasses import replace
from typing import Any

from assent.audit.entry import encode
from assent.audit.ocsf import Naming, Reach, Spoken, event
from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from log_of_effects import ANA, NOON, SHOP, LogOfEffects, touch

ORIGIN = "gateway.example/audit"
NAMING = Naming(
    ORIGIN, {ANA: "ana", "sub_ben": "ben"}, {SHOP: Reach("shop", "postgres")}, product="0.1.0"
)


def leaf_of(entry: Entry) -> bytes:
    return encode(entry, lambda _, content: content)[0]


def one_of(kind: EntryKind, **facts: Json) -> Entry:
    return LogOfEffects().entry(kind, facts, subject=ANA)


def told(entry: Entry, *, index: int = 7, naming: Naming = NAMING, **more: Any) -> dict[str, Any]:
    content = more.pop("content", entry.payload)
    return event(Spoken(index, leaf_of(entry), content, **more), naming)


def some_events(count: int) -> list[dict[str, Any]]:
    """Events of log-ins, each a second after the one before."""
    log = LogOfEffects()
    entries = [log.entry(EntryKind.LOGIN, {"method": "password"}) for _ in range(count)]
    return [told(replace(one, subject=ANA), index=number) for number, one in enumerate(entries)]


__all__ = (
    "ANA", "NAMING", "NOON", "ORIGIN", "SHOP", "leaf_of", "one_of", "some_events", "told", "touch",
)  # fmt: skip
