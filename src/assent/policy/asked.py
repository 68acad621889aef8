"""What Cedar was asked for a decision, in the form that the decision's entry keeps.

So that somebody else can ask the same of the same policies (docs/specs/log-format.md, Cedar).
"""

from collections.abc import Iterable

from assent.core.canonical import Json, Profiled
from assent.policy.finding import Finding

_LONGEST_ERROR = 200


def asked_json(findings: Iterable[Finding]) -> dict[str, Json]:
    """Return `asked`, an item for each touch that was asked about, and the `entities` of all.

    findings: one a touch, in their order. Entities that several questions share are there once.
    """
    places: dict[bytes, int] = {}
    entities: list[Json] = []
    items: list[Json] = []
    for touch, finding in enumerate(findings):
        question = finding.question
        if question is None:
            if finding.errors:
                items.append({"errors": _errors(finding), "touch": touch})
            continue
        world = question.world
        indexes: list[Json] = []
        for key, document in world.documents:
            place = places.setdefault(key, len(entities))
            if place == len(entities):
                entities.append(document)
            indexes.append(place)
        items.append(
            {
                "action": world.action,
                "context": question.context,
                "entities": indexes,
                "errors": _errors(finding),
                "forbids": finding.forbids,
                "permits": finding.permits,
                "principal": world.principal,
                "resource": world.resource,
                "touch": touch,
            }
        )
    # Every key is a name of ours, and every number was one of Cedar's or of the evidence.
    return Profiled(asked=items, entities=entities)


def _errors(finding: Finding) -> list[Json]:
    return [[id, text[:_LONGEST_ERROR]] for id, text in finding.errors]
