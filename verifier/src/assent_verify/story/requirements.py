"""What `@require` asks for, and whether the evidence of a decision holds it.

docs/reference/policies.md, Requirements: `reason; step-up: 15m; approve: 2 of dba|sre, 1 of
security > 1 of owners, signed`. Written for whoever judges, not for whoever decides: an
assent counts here only where it counts beyond doubt.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

_OR = re.compile(r"\s+or\s+|\s*\|\s*")
_QUORUM = re.compile(r"([1-9][0-9]?) of (.+)")
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPONSOR_SEAT = "@="
_MODIFIERS = frozenset({"signed", "by-requester", "outside-line"})
_MOST_STEPS = 100_000

Groups = frozenset[str]
Stage = dict[Groups, int]


class Undecidable(Exception):
    """It asks for something that this program cannot judge."""


@dataclass(slots=True)
class Approval:
    """Who must assent: of which groups how many, stage after stage.

    later: from how long after it was asked on members of which group count in anybody's place.
    """

    stages: list[Stage]
    signed: bool = False
    by_requester: bool = False
    outside_line: bool = False
    later: dict[str, timedelta] = field(default_factory=dict)


@dataclass(slots=True)
class Demand:
    """All that is asked for. step_up: how fresh it must be, None where it is not asked."""

    reason: bool = False
    ticket: bool = False
    step_up: timedelta | None = None
    approval: Approval | None = None


def read(require: str, escalate: str = "") -> Demand:
    """Return what the two annotations ask for. Raises Undecidable for what is not known."""
    demand = Demand()
    for item in (part.strip() for part in require.split(";")):
        name, _, value = (part.strip() for part in item.partition(":"))
        if item == "reason":
            demand.reason = True
        elif item == "ticket":
            demand.ticket = True
        elif name == "step-up":
            demand.step_up = span_of(value)
        elif name == "approve":
            demand.approval = _approval(value, escalate)
        else:
            raise Undecidable(f"`{item[:80]}` is no requirement that this program knows")
    return demand


def merged(demands: Sequence[Demand]) -> Demand:
    """Return one demand that asks for at least as much as each of these."""
    spans = [one.step_up for one in demands if one.step_up is not None]
    approvals = [one.approval for one in demands if one.approval is not None]
    return Demand(
        reason=any(one.reason for one in demands),
        ticket=any(one.ticket for one in demands),
        step_up=min(spans, default=None),
        approval=_merged(approvals) if approvals else None,
    )


def _merged(approvals: list[Approval]) -> Approval:
    stages: list[Stage] = [{} for _ in range(max(len(one.stages) for one in approvals))]
    for one in approvals:
        for most, stage in zip(stages, one.stages, strict=False):
            for groups, count in stage.items():
                most[groups] = max(most.get(groups, 0), count)
    shared = set(approvals[0].later).intersection(*(one.later for one in approvals[1:]))
    return Approval(
        stages,
        signed=any(one.signed for one in approvals),
        by_requester=all(one.by_requester for one in approvals),
        outside_line=any(one.outside_line for one in approvals),
        later={group: max(one.later[group] for one in approvals) for group in shared},
    )


def span_of(text: str) -> timedelta:
    """Return the span that `90s`, `15m`, `2h` or `1d` says. Raises Undecidable."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise Undecidable(f"`{text[:80]}` is not a span of time that this program knows")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def _approval(text: str, escalate: str) -> Approval:
    modifiers: set[str] = set()
    stages: list[Stage] = []
    for part in text.split(">"):
        stage: Stage = {}
        for item in (one.strip() for one in part.split(",")):
            if item in _MODIFIERS:
                modifiers.add(item)
                continue
            match = _QUORUM.fullmatch(item)
            if match is None:
                raise Undecidable(f"`{item[:80]}` is no quorum that this program knows")
            groups = frozenset(_OR.split(match[2]))
            stage[groups] = stage.get(groups, 0) + int(match[1])
        stages.append(stage)
    later: dict[str, timedelta] = {}
    for item in escalate.split(";") if escalate else ():
        span, _, groups_text = (one.strip() for one in item.partition(":"))
        for group in _OR.split(groups_text):
            later[group] = span_of(span)
    return Approval(
        stages,
        signed="signed" in modifiers,
        by_requester="by-requester" in modifiers,
        outside_line="outside-line" in modifiers,
        later=later,
    )


# Who `owners`, `manager` and `sponsor` are


def resolved(
    demand: Demand, touches: Iterable[Mapping[str, Any]], evidence: Mapping[str, Any], asked: str
) -> list[Demand]:
    """Return the demand for each of the people that `owners`, `manager` and `sponsor` mean.

    touches: those that it is asked for. asked: the resources that access is asked for, with
    spaces between. Nobody where there should be somebody is a seat that nobody fills.
    """
    if demand.approval is None:
        return [demand]
    named = [groups for stage in demand.approval.stages for groups in stage]
    if not any(
        groups & {"owners", "manager", "sponsor"}
        for groups in (*named, frozenset(demand.approval.later))
    ):
        return [demand]
    line = evidence["subject"].get("reports_to") or []
    manager = frozenset({f"@{line[0]}"}) if line else frozenset()
    behind = _sponsor(evidence["subject"])
    sponsor = frozenset({f"{_SPONSOR_SEAT}{behind}"}) if behind else frozenset()
    target = evidence.get("target") or {}
    owners = [one for touch in touches for one in _owners(touch, target, asked)]
    every = dict.fromkeys(owners or [_plain(target.get("owners") or ())])
    found = []
    for meant in every:
        people = {"owners": meant, "manager": manager, "sponsor": sponsor}
        found.append(_with(demand, people))
    return found


def _with(demand: Demand, people: Mapping[str, Groups]) -> Demand:
    old = demand.approval
    if old is None:
        return demand
    stages: list[Stage] = []
    for stage in old.stages:
        new: Stage = {}
        for groups, count in stage.items():
            meant = _meant(groups, people)
            new[meant] = new.get(meant, 0) + count
        stages.append(new)
    later = {name: at for group, at in old.later.items() for name in people.get(group, {group})}
    approval = Approval(stages, old.signed, old.by_requester, old.outside_line, later)
    return Demand(demand.reason, demand.ticket, demand.step_up, approval)


def _meant(groups: Groups, people: Mapping[str, Groups]) -> Groups:
    return frozenset(name for group in groups for name in people.get(group, {group}))


def _owners(touch: Mapping[str, Any], target: Mapping[str, Any], asked: str) -> Iterable[Groups]:
    owned = {name: _plain(groups) for name, groups in target.get("resource_owners") or ()}
    whole = _plain(target.get("owners") or ())
    resource, names = touch["resource"], asked.split()
    if not target:
        yield frozenset()
    elif resource["kind"] != "Target" or not names:
        own = _owned(owned, resource["name"], resource["kind"])
        if not own and touch.get("part_of"):
            own = _owned(owned, touch["part_of"], resource["kind"])
        yield own or whole
    else:
        for name in names:
            yield _owned(owned, name, "Table") or whole
            if name.endswith(".*"):
                inside = name.removesuffix("*")
                yield from (
                    one for key, one in sorted(owned.items()) if key.startswith(inside) and one
                )


def _owned(owned: Mapping[str, Groups], name: str, kind: str) -> Groups:
    parts = _PART.findall(name)
    schema = name if kind == "Schema" else ".".join(parts[:-1])
    return owned.get(name) or owned.get(f"{schema}.*") or frozenset()


_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')


def _plain(groups: Iterable[str]) -> Groups:
    return frozenset(name for name in groups if name and "|" not in name and name[0] != "@")


# Whether it is there


@dataclass(frozen=True, slots=True)
class Given:
    """The evidence of a decision, as far as demands rest on it. now: when it was decided."""

    evidence: Mapping[str, Any]
    digest: str
    now: datetime

    def lacking(self, demand: Demand) -> str:
        """Return what is asked for and not there, empty for nothing. Raises Undecidable."""
        evidence = self.evidence
        if demand.reason and len(evidence["reason"].strip()) < 3:
            return "a reason"
        if demand.ticket and not evidence["ticket"].strip():
            return "a ticket"
        if demand.step_up is not None and not self._is_fresh(demand.step_up):
            return "a fresh proof of who they are"
        if demand.approval is not None and not self._are_seated(demand.approval):
            return "assents that count"
        return ""

    def _is_fresh(self, within: timedelta) -> bool:
        at = (self.evidence.get("authentication") or {}).get("stepped_up_at")
        return at is not None and _at(at) <= self.now < _at(at) + within

    def counted(self) -> list[Mapping[str, Any]]:
        """Return the assents to exactly this action that were not withdrawn."""
        return [
            one
            for one in self.evidence["approvals"]
            if one["verdict"] != "reject"
            and one["withdrawn_at"] is None
            and one["action_digest"] == self.digest
        ]

    def _are_seated(self, approval: Approval) -> bool:
        people = self._people(approval)
        seats = self._seats(approval)
        return _fill(seats, people, [0])

    def _seats(self, approval: Approval) -> list[Groups]:
        asked_at = self.evidence.get("asked_at")
        waited = self.now - _at(asked_at) if asked_at else timedelta()
        more = {group for group, after in approval.later.items() if after <= waited}
        return [
            groups | more
            for stage in approval.stages
            for groups, count in stage.items()
            for _ in range(count)
        ]

    def _people(self, approval: Approval) -> list["_Person"]:
        requester = self.evidence["subject"]
        signed: dict[str, bool] = {}
        for one in self.counted():
            signed[one["approver"]] = signed.get(one["approver"], False) or bool(one["signature"])
        found = []
        for name, is_signed in signed.items():
            person = (self.evidence["approvers"] or {}).get(name)
            if person is None or person["id"] != name or (approval.signed and not is_signed):
                continue
            places = (self.evidence["delegations"] or {}).get(name) or ()
            seat = f"{_SPONSOR_SEAT}{name}"
            if _is_sponsor(person, requester) and _asks(approval, seat):
                # On that seat and no other.
                found.append(_Person(name, frozenset({seat}), []))
            elif one_may := _may_count(person, requester, approval):
                answering = {requester.get("on_behalf_of"), requester.get("owner")}
                barred = {requester["id"], *answering, name, *signed}
                counts = () if approval.outside_line or one_may == "self" else places
                taken = [(one["by"], one["group"]) for one in counts if one["by"] not in barred]
                found.append(_Person(name, frozenset(person["groups"]) | {f"@{name}"}, taken))
        return found


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody who assented. places: (in whose place, as a member of which group) they may sit."""

    id: str
    groups: Groups
    places: list[tuple[str, str]]


def _sponsor(subject: Mapping[str, Any]) -> str | None:
    """Return who answers for a program: for whom it acts, or else its owner."""
    if subject["kind"] == "human":
        return None
    return subject.get("on_behalf_of") or subject.get("owner")


def _is_sponsor(person: Mapping[str, Any], requester: Mapping[str, Any]) -> bool:
    is_one = person["kind"] == "human" and not person["disabled"]
    return is_one and person["id"] == _sponsor(requester)


def _asks(approval: Approval, seat: str) -> bool:
    return any(seat in groups for stage in approval.stages for groups in stage)


def _may_count(person: Mapping[str, Any], requester: Mapping[str, Any], asked: Approval) -> str:
    if person["kind"] != "human" or person["disabled"]:
        return ""
    if person["id"] == requester["id"]:
        return "self" if asked.by_requester else ""
    behind = {requester["id"], requester.get("on_behalf_of")} - {None}
    is_theirs = person.get("on_behalf_of") == requester["id"]
    if is_theirs or person["id"] in behind | {requester.get("owner")}:
        return ""
    if asked.outside_line:
        above = person["id"] in (requester.get("reports_to") or ())
        if above or behind & set(person.get("reports_to") or ()):
            return ""
    return "other"


def _fill(seats: list[Groups], people: list[_Person], steps: list[int]) -> bool:
    """Return whether every seat can be filled: each person, and each absent one, once."""
    if not seats:
        return True
    if len(people) < len(seats):
        return False
    steps[0] += 1
    if steps[0] > _MOST_STEPS:
        raise Undecidable("so many people assented that it cannot be told who sits for whom")
    seat, rest = seats[0], seats[1:]
    for number, person in enumerate(people):
        others = people[:number] + people[number + 1 :]
        if person.groups & seat and _fill(rest, others, steps):
            return True
        for by in {by for by, group in person.places if group in seat}:
            left = [
                _Person(one.id, one.groups, [place for place in one.places if place[0] != by])
                for one in others
            ]
            if _fill(rest, left, steps):
                return True
    return False


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
