"""How systems outside stand that the log is told to, as the API returns it."""

from pydantic import BaseModel

from assent.api.risk_schemas import Instant
from assent.control.exporting import Standing
from assent.core.clock import isoformat


class ExporterOut(BaseModel):
    """One of them. position: the index of the next entry. behind: entries it was not told of.

    sent, refused: events since the start; refused: those that it said that it never takes.
    passed_over: entries that could not be read. last_error: empty while all is well.
    """

    name: str
    kind: str
    position: int
    behind: int
    sent: int
    refused: int
    passed_over: int
    last_error: str
    last_error_at: Instant | None
    last_sent_at: Instant | None


class ExportersOut(BaseModel):
    """All that the configuration names, in its order."""

    items: list[ExporterOut]


def exporter_out(one: Standing) -> ExporterOut:
    """Return how one stands."""
    return ExporterOut(
        name=one.name,
        kind=one.kind,
        position=one.position,
        behind=one.behind,
        sent=one.sent,
        refused=one.refused,
        passed_over=one.passed_over,
        last_error=one.last_error,
        last_error_at=isoformat(one.last_error_at) if one.last_error_at else None,
        last_sent_at=isoformat(one.last_sent_at) if one.last_sent_at else None,
    )
