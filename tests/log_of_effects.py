"""Entries and segments as the gateway writes them, as far as the index of effects reads them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, RequestId, SessionId, SubjectId, TargetId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANA, BEN = SubjectId("sub_ana"), SubjectId("sub_ben")
SHOP = TargetId("tgt_shop")
MORNING = SessionId("ses_morning")


def touch(verb: str, name: str, operation: str = "read") -> dict[str, Json]:
    return {
        "verb": verb,
        "operation": operation,
        "resource": {"kind": "Table", "name": name},
        "columns": [],
        "through": "",
        "part_of": "",
    }


@dataclass
class LogOfEffects:
    """Makes entries, one after the other, a second apart; keeps segments by session and number."""

    made: int = 0
    segments: dict[tuple[SessionId, int], bytes] = field(default_factory=dict)

    async def read_segment(self, session: SessionId, number: int) -> bytes | None:
        return self.segments.get((session, number))

    def decided(
        self,
        action: str,
        *touches: dict[str, Json],
        outcome: str = "permit",
        phase: str = "execute",
        reuse: bool = False,
        subject: SubjectId = ANA,
        request: str | None = None,
        text: str = "",
        searchable: bool = False,
    ) -> tuple[Entry, Entry]:
        """Return an attempt and its decision, whose id is `ent_` and the action's."""
        first = touches[0] if touches else {"verb": "sql.unknown"}
        shared: dict[str, Json] = {"action": f"act_{action}", "phase": phase}
        attempt = self.entry(
            EntryKind.ATTEMPT,
            {**shared, "verb": first["verb"]},
            payload={"text": text, "statement": {"touches": list(touches)}},
            subject=subject,
            request=request,
        )
        decision = self.entry(
            EntryKind.DECISION,
            {**shared, "outcome": outcome, "reuse": reuse, "score": 7},
            payload={"obligations": ["searchable_text: "] if searchable else ["record: "]},
            subject=subject,
            request=request,
            id=f"ent_{action}",
        )
        return attempt, decision

    def result(self, action: str, rows: int, outcome: str = "done") -> Entry:
        facts: dict[str, Json] = {"action": f"act_{action}", "rows": rows, "outcome": outcome}
        return self.entry(EntryKind.RESULT, facts, subject=ANA)

    def opened(self, action: str, request: str) -> Entry:
        facts: dict[str, Json] = {"action": f"act_{action}", "state": "pending"}
        return self.entry(EntryKind.REQUEST_OPENED, facts, request=request)

    def settled(self, action: str, request: str, state: str) -> Entry:
        facts: dict[str, Json] = {"action": f"act_{action}", "state": state}
        return self.entry(EntryKind.REQUEST_SETTLED, facts, request=request)

    def segment(
        self, number: int, frames: Sequence[Mapping[str, Json]], session: SessionId = MORNING
    ) -> Entry:
        header = {"version": 1, "session": session, "number": number, "previous": "", "first": 1}
        lines = [json.dumps(one) for one in (header, *frames)]
        self.segments[session, number] = ("\n".join(lines) + "\n").encode()
        return self.entry(EntryKind.SESSION_SEGMENT, {"number": number})

    def ran(
        self, sequence: int, action: str, verdict: str = "reuse", text: str = "select 1"
    ) -> dict[str, Json]:
        return {
            "kind": "statement",
            "sequence": sequence,
            "at": f"2026-11-22T13:00:{sequence % 60:02}.5Z",
            "text": text,
            "parameters": [],
            "verdict": verdict,
            "entry": f"ent_{action}",
            "request": "",
        }

    def came(self, sequence: int, rows: int, error: str = "") -> dict[str, Json]:
        return {
            "kind": "result",
            "sequence": sequence,
            "at": f"2026-11-22T13:00:{sequence % 60:02}.7Z",
            "duration_us": 5,
            "rows": rows,
            "bytes": 9,
            "error": error,
        }

    def entry(
        self,
        kind: EntryKind,
        facts: Mapping[str, Json],
        *,
        payload: Mapping[str, Json] | None = None,
        subject: SubjectId | None = None,
        request: str | None = None,
        id: str = "",
    ) -> Entry:
        self.made += 1
        return Entry(
            id=EntryId(id or f"ent_{kind.value.replace('.', '_')}_{self.made}"),
            kind=kind,
            at=NOON + timedelta(seconds=self.made),
            subject=subject,
            target=SHOP,
            session=MORNING,
            request=RequestId(request) if request else None,
            facts=facts,
            payload=payload,
        )
