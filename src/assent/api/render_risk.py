"""Scores and profiles as the JSON that the API returns."""

from datetime import datetime

from assent.api.risk_schemas import ExplainedOut, FactorOut, ProfileOut, RiskOut
from assent.control.risk import Explained, Usually
from assent.core.assessment import Assessment
from assent.core.clock import isoformat


def risk_out(assessment: Assessment) -> RiskOut:
    """Return a score with all that it consists of."""
    return RiskOut(
        score=assessment.score,
        level=assessment.level.value,
        headline=assessment.headline,
        attacker=assessment.attacker.value if assessment.attacker else None,
        confidence=assessment.confidence.value,
        confidence_because=assessment.confidence_because,
        otherwise=assessment.otherwise,
        factors=[
            FactorOut(
                name=factor.name,
                points=factor.points,
                reason=factor.reason,
                status=factor.status.value,
                source=factor.source,
                at=_instant(factor.at),
            )
            for factor in assessment.factors
        ],
        unknown=list(assessment.unknown),
    )


def explained_out(explained: Explained) -> ExplainedOut:
    """Return why an action had its score."""
    return ExplainedOut(
        action=explained.action,
        entry=explained.entry,
        at=isoformat(explained.at),
        subject=explained.subject,
        target=explained.target,
        verb=explained.verb,
        outcome="permit" if explained.permitted else "deny",
        risk=risk_out(explained.assessment),
        replayed_score=explained.replayed_score,
        replayed_same=explained.replayed_same,
    )


def profile_out(usually: Usually) -> ProfileOut:
    """Return what is normal for a person."""
    return ProfileOut.model_validate(
        {
            "person": usually.subject.name,
            "groups": sorted(usually.subject.groups),
            "sessions": usually.sessions,
            "days": usually.days,
            "lessons": usually.lessons,
            "first_at": _instant(usually.first_at),
            "last_at": _instant(usually.last_at),
            "confidence": usually.confidence,
            "confidence_because": usually.confidence_because,
            "dimensions": [
                {
                    "name": name,
                    "values": [
                        {"value": one.value, "times": one.times, "percent": one.share}
                        for one in values
                    ],
                }
                for name, values in usually.dimensions.items()
            ],
        }
    )


def _instant(at: datetime | None) -> str | None:
    return None if at is None else isoformat(at)
