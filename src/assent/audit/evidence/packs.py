"""The evidence packs that there are, by name, and the form in which one is handed on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.audit.evidence.access_review import AccessReview
from assent.audit.evidence.approvals import Approvals
from assent.audit.evidence.break_glass import BreakGlassUses
from assent.audit.evidence.controls import CONTROLS
from assent.audit.evidence.nouns import Findings, Fold
from assent.audit.evidence.privileged_actions import PrivilegedActions
from assent.core.canonical import Json
from assent.core.clock import isoformat
from assent.core.entry import Checkpoint

FOLDS: Mapping[str, Callable[[], Fold]] = {
    "access-review": AccessReview,
    "privileged-actions": PrivilegedActions,
    "approvals": Approvals,
    "break-glass": BreakGlassUses,
}
TITLES = {
    "access-review": "Access review",
    "privileged-actions": "Privileged actions",
    "approvals": "Approvals",
    "break-glass": "Break-glass",
}


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody outside who saw the log. size, at: what they saw last; None for nothing yet."""

    name: str
    kind: str
    size: int | None
    at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A report with what its first page says.

    entry: of the log that says that it was made. first, last: indexes of the entries that were
    read, half open; read: how many of them lie in the period. left_out: sentences.
    """

    name: str
    since: datetime
    until: datetime
    made_at: datetime
    made_by: str
    entry: str
    origin: str
    checkpoint: Checkpoint
    witnesses: Sequence[Looker]
    first: int
    last: int
    read: int
    left_out: Sequence[str]
    findings: Findings


def as_json(pack: Pack) -> dict[str, Json]:
    """Return a pack as the JSON object that the API answers with."""
    found = pack.findings
    return {
        "report": pack.name,
        "title": TITLES[pack.name],
        "since": isoformat(pack.since),
        "until": isoformat(pack.until),
        "made_at": isoformat(pack.made_at),
        "made_by": pack.made_by,
        "entry": pack.entry,
        "origin": pack.origin,
        "checkpoint": {
            "size": pack.checkpoint.size,
            "root": pack.checkpoint.root.hex(),
            "at": isoformat(pack.checkpoint.at),
            "note": pack.checkpoint.note,
        },
        "verification": "not verified here",
        "witnesses": [
            {
                "name": one.name,
                "kind": one.kind,
                "size": one.size,
                "at": isoformat(one.at) if one.at else None,
                "problem": one.problem,
            }
            for one in pack.witnesses
        ],
        "entries": {"first": pack.first, "last": pack.last, "in_period": pack.read},
        "left_out": list(pack.left_out),
        "figures": [
            {"label": one.label, "value": one.value, "about": one.about} for one in found.figures
        ],
        "bars": [
            {"title": one.title, "items": [[name, count] for name, count in one.items]}
            for one in found.bars
        ],
        "tables": [
            {
                "name": one.name,
                "title": one.title,
                "about": one.about,
                "columns": [
                    {"name": each.name, "kind": each.kind, "about": each.about}
                    for each in one.columns
                ],
                "rows": [list(row) for row in one.rows],
                "count": one.count,
                "empty": one.empty,
            }
            for one in found.tables
        ],
        "notes": list(found.notes),
        "controls": [
            {
                "framework": one.framework,
                "clause": one.clause,
                "about": one.about,
                "shows": one.shows,
                "where": one.where,
                "not_shown": one.not_shown,
            }
            for one in CONTROLS[pack.name]
        ],
    }
