"""How Assent itself is, as the API returns it."""

from typing import Literal

from pydantic import BaseModel

from assent.api.risk_schemas import Instant
from assent.control.health import Report
from assent.control.revocation import Summary
from assent.core.clock import isoformat


class CheckOut(BaseModel):
    """One thing that was looked at, and what to do about it."""

    name: str
    how: Literal["ok", "warn", "fail"]
    says: str
    to_do: str


class RoundOut(BaseModel):
    """One round of the canary. seconds: until its session was cut, null for never."""

    at: Instant
    seconds: float | None
    problem: str


class RevocationsOut(BaseModel):
    """How long it took to cut sessions, in seconds, of the last 1,000."""

    count: int
    late: int
    p50_s: float | None
    p99_s: float | None
    max_s: float | None
    last_s: float | None


class HealthDetailOut(BaseModel):
    """Everything that was looked at. at: by the server's clock."""

    version: str
    at: Instant
    how: Literal["ok", "warn", "fail"]
    checks: list[CheckOut]
    revocations: RevocationsOut
    canary: RevocationsOut
    rounds: list[RoundOut]
    sessions: int
    holding: int
    requests_pending: int
    grants_live: int


def health_out(report: Report, version: str) -> HealthDetailOut:
    """Return a report as the API shows it."""
    figures = report.figures
    return HealthDetailOut.model_validate(
        {
            "version": version,
            "at": isoformat(report.at),
            "how": report.how.value,
            "checks": [
                {"name": one.name, "how": one.how.value, "says": one.says, "to_do": one.to_do}
                for one in report.checks
            ],
            "revocations": _times(figures.real),
            "canary": _times(figures.canary),
            "rounds": [
                {"at": isoformat(one.at), "seconds": one.seconds, "problem": one.problem}
                for one in report.rounds
            ],
            "sessions": figures.sessions,
            "holding": figures.holding,
            "requests_pending": figures.pending,
            "grants_live": figures.grants,
        }
    )


def _times(summary: Summary) -> dict[str, object]:
    return {
        "count": summary.count,
        "late": summary.late,
        "p50_s": summary.p50_s,
        "p99_s": summary.p99_s,
        "max_s": summary.max_s,
        "last_s": summary.last_s,
    }
