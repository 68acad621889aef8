"""Check 10: each decision is the one that its policies give to what was asked.

docs/specs/log-format.md, What the entries must say together. Cedar is asked again, by the
text that the log keeps of the revision; what follows from its answers is worked out here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from assent_verify.report import Findings, NamedEntry
from assent_verify.story import policies, requirements
from assent_verify.story.asked import Moment, Unfit, check_digest, check_question, operation_of
from assent_verify.story.plans import part_of
from assent_verify.story.requirements import Demand, Given, Undecidable

DECISIONS, APPROVALS = 10, 11

CANARY = "assent-canary"
_SPAN = re.compile(r"P(?:([0-9]{1,5})D)?(?:T([0-9]{1,5})S)?")
_BY_POLICY = frozenset({"forbidden", "no-permit", "policy-error", "remedy-needed"})
"""Codes of denials that policies alone give; others come from stricter rules behind them."""


class Told(NamedTuple):
    """An entry at an index, and the content of its payload."""

    place: int
    leaf: dict[str, Any]
    content: dict[str, Any]

    @property
    def entry(self) -> NamedEntry:
        """What to call it."""
        return NamedEntry(self.place, self.leaf["id"])


class Counted(NamedTuple):
    """An assent that a permit counted, as its evidence has it.

    part: as which part of a plan the action would be found.
    """

    decision: NamedEntry
    request: str
    approval: str
    approver: str
    digest: str
    signed: bool
    subject: str | None
    target: str | None
    part: bytes


@dataclass(slots=True)
class Tally:
    """How many decisions were judged, and why the others were not."""

    judged: int = 0
    sealed: int = 0
    older: int = 0
    no_engine: int = 0
    no_text: int = 0
    undecidable: int = 0
    alone: int = 0

    def add(self, other: "Tally") -> None:
        """Count what another one counted."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Judge:
    """Judges decisions. texts: of the policies, by revision; None to judge none.

    untold: by revision, the decisions by policies whose text is not among them.
    """

    findings: Findings
    texts: Mapping[str, Mapping[str, str]] | None
    tally: Tally = field(default_factory=Tally)
    counted: list[Counted] = field(default_factory=list)
    untold: dict[str, list[NamedEntry]] = field(default_factory=dict)

    def judge(self, attempt: Told, decision: Told) -> None:
        """Judge a decision by the attempt that it is about."""
        entry, revision = decision.entry, str(decision.leaf["facts"].get("revision"))
        try:
            self._keep_counted(attempt, decision)
            if self.texts is None or not policies.can_ask():
                self.tally.no_engine += 1
                return
            texts = self.texts.get(revision)
            if texts is None:
                self.untold.setdefault(revision, []).append(entry)
                return
            _Case(attempt, decision, policies.read(revision, texts), self.findings).run()
            self.tally.judged += 1
        except (Unfit, policies.Unreadable) as error:
            self.findings.fail(DECISIONS, f"{entry}: {error}", entry)
        except Undecidable as error:
            self.tally.undecidable += 1
            self.findings.miss(DECISIONS, f"{entry}: {error}", entry)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            words = f"what it rests on is not in the form that it must have ({error!s:.80})"
            self.findings.fail(DECISIONS, f"{entry}: {words}", entry)

    def _keep_counted(self, attempt: Told, decision: Told) -> None:
        facts = decision.leaf["facts"]
        if facts.get("outcome") != "permit":
            return
        for one in _given(attempt, decision).counted():
            counted = Counted(
                decision.entry,
                one["request"],
                one["id"],
                one["approver"],
                one["action_digest"],
                bool(one["signature"]),
                attempt.leaf["subject"],
                attempt.leaf["target"],
                part_of(attempt.content),
            )
            self.counted.append(counted)


def _given(attempt: Told, decision: Told) -> Given:
    evidence = decision.content["evidence"]
    moment = Moment(attempt.content, decision.leaf["facts"], evidence, {})
    return Given(evidence, str(attempt.leaf["facts"]["digest"]), moment.now)


@dataclass(slots=True)
class _Touched:
    """One touch and which policies it satisfies."""

    touch: Mapping[str, Any]
    permits: frozenset[str] = frozenset()
    forbids: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()


class _Case:
    """One decision."""

    def __init__(
        self, attempt: Told, decision: Told, book: policies.Book, findings: Findings
    ) -> None:
        self._attempt = attempt
        self._decision = decision
        self._book = book
        self._findings = findings
        self._facts: dict[str, Any] = decision.leaf["facts"]
        self._content = decision.content
        self._evidence: dict[str, Any] = decision.content["evidence"]
        self._given = _given(attempt, decision)

    def run(self) -> None:
        """Judge it. Raises Unfit, Undecidable."""
        self._check_who()
        check_digest(self._attempt.leaf, self._attempt.content)
        permitted = self._facts["outcome"] == "permit"
        if self._evidence["subject"]["name"] == CANARY and self._is_canary():
            return
        touched = self._touched()
        code, why = self._code(touched)
        if permitted and code:
            self._fail_permit(code, why)
        elif permitted:
            self._check_permit(touched)
        else:
            self._check_denial(code, why)

    def _check_who(self) -> None:
        leaf, attempt = self._decision.leaf, self._attempt.leaf
        target = self._evidence.get("target")
        if self._evidence["subject"]["id"] != leaf["subject"]:
            raise Unfit("its evidence is about somebody else than who acted")
        if (target["id"] if target else None) != leaf["target"]:
            raise Unfit("its evidence is about another target")
        for name in ("subject", "target", "session"):
            if leaf[name] != attempt[name]:
                raise Unfit(f"the attempt that it is about has another {name}")

    def _is_canary(self) -> bool:
        """Return whether it is the gateway's own session on its own target, which no policy has."""
        subject, target = self._evidence["subject"], self._evidence.get("target")
        is_workload = subject["kind"] == "workload"
        own = target is not None and target["name"] == CANARY and is_workload
        opens = [one["verb"] for one in self._statement["touches"]] == ["session.open"]
        return own and (opens or self._facts["outcome"] == "deny")

    @property
    def _statement(self) -> dict[str, Any]:
        statement: dict[str, Any] = self._attempt.content["statement"]
        return statement

    # What Cedar says

    def _touched(self) -> list[_Touched]:
        touches = self._statement["touches"]
        asked = self._content["cedar"]["asked"]
        found = [_Touched(touch) for touch in touches]
        places = [one["touch"] for one in asked]
        if places != sorted(set(places)) or (places and places[-1] >= len(touches)):
            raise Unfit("Cedar was asked about what the attempt does not touch")
        moment = Moment(
            self._attempt.content, self._facts, self._evidence, self._content["assessment"]
        )
        for question in asked:
            found[question["touch"]] = self._ask(question, found[question["touch"]].touch, moment)
        return found

    def _ask(self, question: dict[str, Any], touch: dict[str, Any], moment: Moment) -> _Touched:
        recorded = frozenset(id for id, _ in question["errors"])
        if "principal" not in question:
            return _Touched(touch, errors=recorded)
        documents = self._content["cedar"]["entities"]
        entities = [documents[place] for place in question["entities"]]
        check_question(question, touch, entities, moment)
        request = {name: question[name] for name in ("principal", "action", "resource", "context")}
        world = policies.entities_of(entities)
        verb, does = touch["verb"], operation_of(touch)
        permits = self._book.ask(
            permits=True, verb=verb, operation=does, request=request, entities=world
        )
        forbids = self._book.ask(
            permits=False, verb=verb, operation=does, request=request, entities=world
        )
        found = _Touched(
            touch, permits.satisfied, forbids.satisfied, permits.errors | forbids.errors
        )
        self._compare(question, found, recorded)
        return found

    def _compare(self, question: dict[str, Any], found: _Touched, recorded: frozenset[str]) -> None:
        what = f"`{found.touch['verb'][:80]}` on `{found.touch['resource']['name'][:80]}`"
        for kind, then, now in (
            ("satisfied", question["permits"], found.permits),
            ("satisfied", question["forbids"], found.forbids),
            ("could not be evaluated", recorded, found.errors),
        ):
            for id in sorted(now.symmetric_difference(then)):
                said = "it is not" if id in then else "it is"
                words = f"policy `{id[:80]}` is recorded as {kind} for {what}, and {said}"
                if id not in then:
                    words = f"policy `{id[:80]}` is not recorded as {kind} for {what}, and {said}"
                raise Unfit(words)

    # What follows from it

    def _code(self, touched: Sequence[_Touched]) -> tuple[str, str]:
        """Return with which code policies deny it, and why; empty where they permit it."""
        if self._evidence["subject"]["disabled"]:
            return "forbidden", "who acts is disabled"
        if not touched or (not self._statement["complete"] and not _says_unknown(touched)):
            return "forbidden", "not all of it was understood"
        errors = sorted({id for one in touched for id in one.errors})
        if errors:
            return "policy-error", f"policy `{errors[0][:80]}` could not be evaluated"
        satisfied = {id for one in touched for id in one.forbids}
        guards = [self._book.rules[id] for id in sorted(satisfied)]
        demands: list[Demand] = []
        for rule in guards:
            if rule.downgrade:
                continue
            if not rule.require:
                return "forbidden", f"policy `{rule.id}` forbids it"
            own = self._resolved(rule, touched)
            if any(_asks_nobody(one) for one in own):
                return "forbidden", f"policy `{rule.id}` asks for somebody who is not there"
            demands += own
        bare = _bare(touched)
        if bare:
            name = bare[0].touch["resource"]["name"]
            return "no-permit", f"no policy permits `{bare[0].touch['verb']}` on `{name[:80]}`"
        lacking = self._given.lacking(requirements.merged(demands)) if demands else ""
        if lacking:
            ids = ", ".join(f"`{rule.id}`" for rule in guards if rule.require)
            return "remedy-needed", f"{ids} asks for {lacking}"
        return "", ""

    def _resolved(self, rule: policies.Rule, touched: Sequence[_Touched]) -> list[Demand]:
        demand = requirements.read(rule.require, rule.annotations.get("escalate", ""))
        touches = [one.touch for one in touched if rule.id in one.forbids]
        return requirements.resolved(demand, touches, self._evidence, self._asked_for)

    @property
    def _asked_for(self) -> str:
        return str(self._attempt.content["details"].get("resources", ""))

    def _check_permit(self, touched: Sequence[_Touched]) -> None:
        satisfied = sorted({id for one in touched for id in one.permits})
        if self._facts["policies"] != satisfied:
            raise Unfit("it names other policies as those that permit it than are satisfied")
        names = {text.partition(":")[0] for text in self._content["obligations"]}
        rules = [self._book.rules[id] for id in satisfied]
        wanted = {name for rule in rules for name in rule.annotations if name in policies.OBLIGING}
        wanted |= {"decide_each" for rule in rules if "decide" in rule.annotations}
        forbids = {id for one in touched for id in one.forbids}
        wanted |= {self._book.rules[id].downgrade for id in forbids} - {""}
        if missing := sorted(wanted - names):
            raise Unfit(f"the policies oblige to `{missing[0]}`, and the permit does not")
        if words := self._lacks_more() or self._lacks_standing():
            self._fail_permit("remedy-needed", words)

    def _lacks_more(self) -> str:
        """Return what is missing that more of a result may pass."""
        if "exceeds" not in self._attempt.content["details"]:
            return ""
        texts = [
            text.partition(": ")[2]
            for text in self._content["obligations"]
            if text.startswith("more: ")
        ] or ["approve: 1 of owners"]
        touches = self._statement["touches"]
        demands = [
            one
            for text in texts
            for one in requirements.resolved(
                requirements.read(text), touches, self._evidence, self._asked_for
            )
        ]
        lacking = self._given.lacking(requirements.merged(demands))
        return f"more of a result needs {lacking}" if lacking else ""

    def _lacks_standing(self) -> str:
        """Return what the session lacks that it was held for then."""
        standing = self._content.get("standing")
        if standing is None:
            return ""
        if not standing["remedies"]:
            return "its session was held for what nothing lifts"
        demand = requirements.merged([_remedy(name, body) for name, body in standing["remedies"]])
        lacking = self._given.lacking(demand)
        return f"its session was held for {lacking}" if lacking else ""

    def _check_denial(self, code: str, why: str) -> None:
        recorded = self._facts.get("code")
        stricter = (
            recorded not in _BY_POLICY
            or self._content.get("standing") is not None
            or "exceeds" in self._attempt.content["details"]
            or not self._content["cedar"]["asked"]
        )
        if not stricter and recorded != code:
            because = f"deny it as `{code}`: {why}" if code else "permit it"
            raise Unfit(f"it is denied as `{recorded}`, and its policies {because}")

    def _fail_permit(self, code: str, why: str) -> None:
        entry = self._decision.entry
        text = f"{entry} is a permit, and its policies deny it as `{code}`: {why}"
        about = APPROVALS if code == "remedy-needed" and why.endswith("that count") else DECISIONS
        self._findings.fail(about, text, entry)


def _says_unknown(touched: Sequence[_Touched]) -> bool:
    return any(operation_of(one.touch) == "unknown" for one in touched)


def _asks_nobody(demand: Demand) -> bool:
    stages = demand.approval.stages if demand.approval else []
    return any(not groups for stage in stages for groups in stage)


def _bare(touched: Sequence[_Touched]) -> list[_Touched]:
    """Return what no policy permits; a partition is permitted with the table that it is of."""
    permitted = {
        (one.touch["verb"], one.touch["resource"]["name"]) for one in touched if one.permits
    }
    bare = [one for one in touched if not one.permits]
    while True:
        covered = [
            one
            for one in bare
            if one.touch["part_of"] and (one.touch["verb"], one.touch["part_of"]) in permitted
        ]
        if not covered:
            return bare
        permitted |= {(one.touch["verb"], one.touch["resource"]["name"]) for one in covered}
        bare = [one for one in bare if one not in covered]


def _remedy(name: str, body: Mapping[str, Any]) -> Demand:
    if name == "reason":
        return Demand(reason=True)
    if name == "ticket":
        return Demand(ticket=True)
    if name == "approval" and not body["escalations"]:
        stages = [
            {frozenset(one["group"].split("|")): one["count"] for one in stage}
            for stage in body["stages"]
        ]
        asked = requirements.Approval(
            stages, body["signed"], body["by_requester"], body["outside_line"]
        )
        return Demand(approval=asked)
    if name == "step-up" and (match := _SPAN.fullmatch(str(body["within"]))):
        return Demand(step_up=timedelta(days=int(match[1] or 0), seconds=int(match[2] or 0)))
    raise Undecidable(f"its session was held for a `{name[:80]}` that this program cannot judge")
