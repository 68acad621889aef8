"""What Cedar was asked for a decision: whether it is what the attempt and the evidence say.

So that nobody can keep a harmless question beside a harmful statement.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from assent_verify import canonical

_PRINCIPALS = {"human": "Human", "workload": "Workload", "agent": "Agent"}
_UNPLACED = ("Target", "System")


class Unfit(Exception):
    """What was asked is not what was attempted, or what it is said to rest on."""


def check_digest(attempt: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Check that what is kept of an attempt is what its digest binds. Raises Unfit."""
    facts = attempt["facts"]
    bound = {
        "details": content["details"],
        "parameters": content["parameters"],
        "salt": content["salt"],
        "session": attempt["session"],
        "subject": attempt["subject"],
        "target": attempt["target"],
        "text": content["text"],
        "verb": facts["verb"],
    }
    if facts["digest"] != "sha256:" + sha256(canonical.write(bound)).hexdigest():
        raise Unfit("what is kept of the attempt is not what its digest was made of")
    if content["statement"]["kind"] != facts["verb"]:
        raise Unfit(f"the attempt is `{facts['verb']}` and its statement something else")


def operation_of(touch: Mapping[str, Any]) -> str:
    """Return what a touch does: what ends in `.unknown` is not known, whatever it says."""
    return "unknown" if touch["verb"].endswith(".unknown") else str(touch["operation"])


def check_question(
    question: Mapping[str, Any],
    touch: Mapping[str, Any],
    entities: list[Any],
    given: "Moment",
) -> None:
    """Check that a question is about this touch by this person. Raises Unfit."""
    evidence = given.evidence
    subject, target = evidence["subject"], evidence.get("target") or {}
    resource = touch["resource"]
    name = resource["name"]
    if resource["kind"] not in _UNPLACED:
        name = f"{target.get('name', '')}/{name}"
    expected = {
        "principal": {"type": _PRINCIPALS.get(subject["kind"], ""), "id": subject["name"]},
        "action": {"type": "Action", "id": touch["verb"]},
        "resource": {"type": resource["kind"], "id": name},
    }
    for part, one in expected.items():
        if question[part] != one:
            raise Unfit(f"Cedar was asked about another {part} than the one that was attempted")
    _check_entities(entities, expected, touch, evidence)
    _check_context(question["context"], touch, given)


def _check_entities(
    entities: list[Any],
    expected: Mapping[str, Mapping[str, str]],
    touch: Mapping[str, Any],
    evidence: Mapping[str, Any],
) -> None:
    subject, target = evidence["subject"], evidence.get("target") or {}
    resource = touch["resource"]
    wanted = {
        _uid(expected["principal"]): (
            {("Group", group) for group in subject["groups"]},
            {"name": subject["name"], "verified": subject["verified"]},
        ),
        _uid(expected["action"]): ({("Action", operation_of(touch))}, {}),
    }
    inside: set[tuple[str, str]] = set()
    if target:
        place = ("Target", target["name"])
        inside = {place}
        attributes = {"name": target["name"], "protocol": target["protocol"]}
        wanted[place] = ({("Environment", target["environment"])}, attributes)
    if _uid(expected["resource"]) not in wanted:
        of = set() if resource["kind"] == "System" else inside
        wanted[_uid(expected["resource"])] = (of, {"name": resource["name"]})
    # Nothing more: a group that is in another one would make a member of both.
    found = {_uid(entity["uid"]): entity for entity in entities}
    if len(found) < len(entities) or found.keys() != wanted.keys():
        raise Unfit("Cedar was told of other things than those that the action is about")
    for uid, (of, attributes) in wanted.items():
        said = {name: value for name, value in found[uid]["attrs"].items() if name != "labels"}
        parents = {_uid(one) for one in found[uid]["parents"]}
        if parents != of or said != attributes:
            raise Unfit(f"Cedar was told something else of `{uid[1][:80]}` than the entries say")


def _uid(one: Mapping[str, str]) -> tuple[str, str]:
    return one["type"], one["id"]


class Moment:
    """What a decision rested on. facts: of its entry."""

    def __init__(
        self,
        attempt: Mapping[str, Any],
        facts: Mapping[str, Any],
        evidence: Mapping[str, Any],
        assessment: Mapping[str, Any],
    ) -> None:
        self.attempt = attempt
        self.statement = attempt["statement"]
        self.facts = facts
        self.evidence = evidence
        self.assessment = assessment
        self.now = datetime.fromisoformat(evidence["at"]).astimezone(UTC)

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a part of the evidence, empty where it is not known."""
        return self.evidence.get(name) or {}


def _check_context(context: Mapping[str, Any], touch: Mapping[str, Any], given: Moment) -> None:
    for group, facts in context.items():
        for name, value in facts.items():
            known = _FACTS.get(f"{group}.{name}")
            if known is None:
                continue
            expected = known(given, touch)
            if isinstance(expected, list):
                same = sorted(value) == sorted(expected)
            else:
                same = value == expected and type(value) is type(expected)
            if not same:
                raise Unfit(
                    f"Cedar was told `context.{group}.{name}` = `{value!s:.80}`, and the entries "
                    f"say `{expected!s:.80}`"
                )


Fact = Callable[[Moment, Mapping[str, Any]], Any]

_FACTS: Mapping[str, Fact] = {
    "statement.kind": lambda m, t: m.statement["kind"],
    "statement.has_where": lambda m, t: m.statement["has_where"],
    "statement.complete": lambda m, t: m.statement["complete"],
    "statement.functions": lambda m, t: list(m.statement["functions"]),
    "touch.columns": lambda m, t: list(t["columns"]),
    "touch.direct": lambda m, t: not t["through"],
    "touch.through": lambda m, t: t["through"],
    "risk.score": lambda m, t: m.facts["score"],
    "risk.level": lambda m, t: m.facts["level"],
    "risk.attacker": lambda m, t: m.assessment["attacker"] or "",
    "risk.confidence": lambda m, t: m.assessment["confidence"],
    "network.known": lambda m, t: m.part("network").get("asn") is not None,
    "network.asn": lambda m, t: m.part("network").get("asn") or 0,
    "network.country": lambda m, t: m.part("network").get("country", ""),
    "network.zones": lambda m, t: list(m.part("network").get("zones", ())),
    "network.lists": lambda m, t: list(m.part("network").get("lists", ())),
    "time.hour": lambda m, t: m.now.hour,
    "time.weekday": lambda m, t: m.now.isoweekday(),
    "time.weekend": lambda m, t: m.now.isoweekday() > 5,
    "session.in_transaction": lambda m, t: bool(m.attempt.get("in_transaction", False)),
    "session.phase": lambda m, t: m.facts["phase"],
    "authentication.method": lambda m, t: m.part("authentication").get("method", ""),
    "authentication.phishing_resistant": lambda m, t: (
        "passkey"
        in (
            m.part("authentication").get("method", ""),
            m.part("authentication").get("stepped_up_by", ""),
        )
    ),
    "connection.address": lambda m, t: m.part("connection").get("address", ""),
    "connection.application": lambda m, t: m.part("connection").get("application", ""),
    "connection.door": lambda m, t: m.part("connection").get("door", ""),
    "request.reason": lambda m, t: len(m.evidence["reason"].strip()) >= 3,
    "request.ticket": lambda m, t: bool(m.evidence["ticket"].strip()),
    "request.read_only": lambda m, t: m.attempt["details"].get("read_only") == "true",
    "request.window": lambda m, t: bool(m.attempt["details"].get("window")),
}
"""What of the context follows from the entries in one step; the rest is taken as it is."""
