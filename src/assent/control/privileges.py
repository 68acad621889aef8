"""What a session's permits name, as rights of the target's own: the least that will do.

Every table is judged as if it were touched, by the policies, as they were asked when the session
was opened. What people may assent to later is named too; what is refused for good, or has no
permit, is not. Tables that no policy can tell apart are judged once.

Whether two tables can be told apart: a policy sees of a table its labels, its columns' labels,
its schema, and its name. A name is seen by a text that holds it, or by the attribute `name`: tables
whose names fit the same of its patterns are alike. Where the attribute is used in any other way,
or a text is written with escapes, every table is judged by itself.
"""

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assent.control import databases
from assent.control.policies import Policies
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assessment import Assessment
from assent.core.clock import Clock
from assent.core.decision import Decision, Deny, Permit
from assent.core.evidence import Evidence
from assent.core.faults import OutsideFault
from assent.core.ids import ActionId
from assent.core.impact import Impact
from assent.core.lease import Privileges
from assent.core.resource import Resource, Target
from assent.policy import PolicySet, evaluate, parse_duration
from assent.policy.facts import Moment, context
from assent.policy.labels import labels_of, quoted
from assent.protocols.postgres.catalogue.model import Catalogue

if TYPE_CHECKING:
    from assent.control.live import LiveSession

OPERATIONS: Mapping[str, Operation] = {
    "sql.read": Operation.READ,
    "sql.insert": Operation.WRITE,
    "sql.update": Operation.WRITE,
    "sql.delete": Operation.WRITE,
    "sql.truncate": Operation.WRITE,
}
"""The verbs that are rights on a table."""

_BY_COLUMN = frozenset({"sql.read", "sql.insert", "sql.update"})
_EVERY = frozenset("*")
# The attribute `name` of anything but the person, and what it is compared with.
_NAME_ASKED = re.compile(
    r'(?:(?<!principal)\.\s*name\b|\[\s*"name"\s*\])(?:\s*(like|==|!=)\s*"([^"]*)")?'
)
MOST_JUDGED = 20_000
"""More evaluations than that are not made for one session."""

_MOST_KEPT = 64
# Facts of these groups differ from statement to statement, and are varied.
_OF_A_TOUCH = frozenset({"touch", "statement", "history", "session"})

Tables = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a database holds: full names of tables, views and sequences, with their columns.

    version: equal ones hold the same.
    """

    version: str
    tables: Tables


def holdings_of(catalogue: Catalogue) -> Holdings:
    """Return what a catalogue says that there is to have rights on."""
    return Holdings(
        catalogue.version,
        tuple(
            (f"{quoted(relation.schema)}.{quoted(relation.name)}", relation.columns)
            for relation in catalogue
        ),
    )


def privileges_of(
    policies: PolicySet,
    evidence: Evidence,
    assessment: Assessment,
    tables: Iterable[tuple[str, tuple[str, ...]]],
    *,
    within: str = "",
) -> dict[str, dict[str, frozenset[str]]]:
    """Return full name → verb → columns that the policies name for the evidence's subject.

    within: what names of this database begin with where policies and labels write them, such as
    `archive.`. Raises OutsideFault where more would have to be judged than is bearable.
    """
    judge = _Judge(policies, evidence, assessment)
    found: dict[str, dict[str, frozenset[str]]] = {}
    for name, columns in tables:
        verbs = judge.verbs(within + name, columns)
        if verbs:
            found[name] = verbs
    return found


class _Sight:
    """What some policies can see of a name: equal answers are of names that they cannot tell apart.

    Both the names of tables and of columns; a text that holds a name counts as seeing it.
    """

    def __init__(self, texts: str) -> None:
        asked = [(found[1], found[2]) for found in _NAME_ASKED.finditer(texts)]
        self._texts = texts
        self._sees_all = "\\" in texts or any(how is None for how, _ in asked)
        self._patterns = [
            re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
            for pattern in sorted({pattern for how, pattern in asked if how == "like"})
        ]
        self._known: dict[str, tuple[object, ...]] = {}

    def of(self, name: str) -> tuple[object, ...]:
        """Return what is seen of a name."""
        seen = self._known.get(name)
        if seen is None:
            told = name if self._sees_all or name in self._texts else ""
            fits = (pattern.fullmatch(name) is not None for pattern in self._patterns)
            seen = self._known[name] = (told, *fits)
        return seen


@dataclass(frozen=True, slots=True)
class _Verb:
    """A verb, the facts that its policies ask about, and what they can see of names."""

    name: str
    operation: Operation
    facts: frozenset[str]
    sight: _Sight


class _Judge:
    """Asks the policies about tables, each kind of them once."""

    def __init__(self, policies: PolicySet, evidence: Evidence, assessment: Assessment) -> None:
        self._policies = policies
        self._evidence = evidence
        self._assessment = assessment
        self._verbs = [
            _Verb(verb, operation, slice.facts, _sight(policies, verb, operation))
            for verb, operation in OPERATIONS.items()
            if verb in policies.verbs
            and (slice := policies.slice(verb, operation)).permits is not None
        ]
        self._is_named: dict[tuple[object, ...], bool] = {}

    def verbs(self, name: str, columns: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """Return the verbs that are named for a table, with their columns."""
        target = self._evidence.target
        looks = (
            name.rpartition(".")[0],
            tuple(labels_of(target, name)),
            tuple(labels_of(target, name, _EVERY)),
        )
        found = {}
        for verb in self._verbs:
            covered = self._columns(verb, name, columns, (*looks, verb.sight.of(name)))
            if covered:
                found[verb.name] = covered
        return found

    def _columns(
        self, verb: _Verb, name: str, columns: tuple[str, ...], looks: tuple[object, ...]
    ) -> frozenset[str]:
        by_column = verb.name in _BY_COLUMN
        whole = _EVERY if by_column else frozenset[str]()
        is_whole = self._named(verb, name, whole, looks)
        asks_columns = "touch.columns" in verb.facts
        if not by_column or (is_whole and not asks_columns):
            return _EVERY if is_whole else frozenset()
        if not asks_columns and "touch.labels" not in verb.facts:
            return frozenset()
        named = frozenset(
            column for column in columns if self._named(verb, name, frozenset({column}), looks)
        )
        return _EVERY if is_whole and len(named) == len(columns) else named

    def _named(
        self, verb: _Verb, name: str, columns: frozenset[str], looks: tuple[object, ...]
    ) -> bool:
        """Return whether policies name the verb on these columns, asked once for all alike."""
        key: tuple[object, ...] = (verb.name, *looks)
        column = next(iter(columns), "")
        if columns not in (_EVERY, frozenset()):
            labels = tuple(labels_of(self._evidence.target, name, columns))
            seen = verb.sight.of(column) if "touch.columns" in verb.facts else ()
            key = (*key, labels, seen)
        kept = self._is_named.get(key)
        if kept is None:
            if len(self._is_named) >= MOST_JUDGED:
                words = "policies tell too many tables apart; name them by labels or by schema"
                raise OutsideFault("privileges-too-many", words)
            touch = Touch(verb.name, verb.operation, Resource("Table", name), columns)
            kept = self._is_named[key] = self._ask(touch, verb.facts)
        return kept

    def _ask(self, touch: Touch, facts: frozenset[str]) -> bool:
        for statement, in_transaction, evidence in _variants(touch, facts, self._evidence):
            action = _action(statement, evidence, in_transaction=in_transaction)
            decision = evaluate(self._policies, action, evidence, self._assessment, evidence.at)
            if _names(decision, touch.operation):
                return True
        return False


def _sight(policies: PolicySet, verb: str, operation: Operation) -> _Sight:
    return _Sight(
        "\n".join(rule.text for rule in policies.rules if rule.scope.covers(verb, operation))
    )


def _action(statement: Statement, evidence: Evidence, *, in_transaction: bool = False) -> Action:
    target = evidence.target.id if evidence.target else None
    subject = evidence.subject.id
    return Action(ActionId(""), subject, statement, target, in_transaction=in_transaction)


def _variants(
    touch: Touch, facts: frozenset[str], evidence: Evidence
) -> Iterator[tuple[Statement, bool, Evidence]]:
    """Yield the statements in which a policy may want to see the touch, the mildest first.

    What a right is used in is not known when it is given: only what a policy asks about varies.
    """
    kinds = [touch.verb]
    if "statement.kind" in facts:
        kinds += [verb for verb in OPERATIONS if verb != touch.verb]
    conditions = [True, False] if "statement.has_where" in facts else [True]
    transactions = [False, True] if "session.in_transaction" in facts else [False]
    known = {f"{touch.verb} {touch.resource.name}": 1}
    mild = replace(evidence, history=known, impact=Impact(rows=0))
    worlds = [mild]
    if facts & {"history.first_time", "statement.rows_estimated"}:
        worlds.append(replace(evidence, history={}, impact=None))
    for kind, has_where, in_transaction, world in itertools.product(
        kinds, conditions, transactions, worlds
    ):
        yield Statement(kind, (touch,), complete=True, has_where=has_where), in_transaction, world


def _names(decision: Decision, operation: Operation) -> bool:
    match decision:
        case Permit():
            reads_only = any(item.name == "read_only" for item in decision.obligations)
            return operation is Operation.READ or not reads_only
        case Deny():
            # Somebody may assent to it, or the person can do what is asked.
            return bool(decision.remedies)


@dataclass(slots=True)
class _Kept:
    """What came of asking, and what it was asked with."""

    labels: Mapping[str, frozenset[str]] | None
    found: dict[str, dict[str, frozenset[str]]]


class SessionPrivileges:
    """Says what a session may do at all, for a broker to make rights of.

    holdings: what a database of a target holds; raises OutsideFault where it cannot be told.
    """

    def __init__(
        self,
        policies: Policies,
        holdings: Callable[[Target, str], Awaitable[Holdings]],
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._holdings = holdings
        self._clock = clock
        self._kept: dict[tuple[object, ...], _Kept] = {}

    async def of(self, live: "LiveSession") -> Privileges:
        """Return the privileges of a session, by the evidence that it was opened on.

        Raises OutsideFault where what the target holds is not known.
        """
        opened = live.opened
        if opened is None:
            raise OutsideFault("privileges-unknown", "the session was not decided on")
        holdings = await self._holdings(live.target, live.session.database)
        evidence = replace(opened.evidence, at=self._clock.now(), approvals=(), approvers={})
        tables = await self._tables(live, evidence, opened.assessment, holdings)
        timeouts = [item.value for item in live.obliged if item.name == "statement_timeout"]
        return Privileges(
            tables,
            read_only=any(item.name == "read_only" for item in live.obliged),
            timeout=min(map(parse_duration, timeouts), default=None),
            until=live.session.ends_at,
        )

    async def _tables(
        self, live: "LiveSession", evidence: Evidence, assessment: Assessment, holdings: Holdings
    ) -> dict[str, dict[str, frozenset[str]]]:
        policies, target = self._policies.current, live.target
        key = (
            live.session.database,
            holdings.version,
            *_asked_with(policies, evidence, assessment),
        )
        kept = self._kept.get(key)
        labels = evidence.target.labels if evidence.target else None
        if kept is None or kept.labels is not labels:
            # In a thread: ten thousand tables must not hold up the sessions of others.
            found = await asyncio.to_thread(
                privileges_of,
                policies,
                evidence,
                assessment,
                holdings.tables,
                within=databases.prefix(target, live.session.database),
            )
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = _Kept(labels, found)
        return kept.found


def _asked_with(
    policies: PolicySet, evidence: Evidence, assessment: Assessment
) -> tuple[object, ...]:
    """Return all that the answers depend on but tables and labels: what policies ask about."""
    facts: frozenset[str] = frozenset().union(
        *(
            policies.slice(verb, operation).facts
            for verb, operation in OPERATIONS.items()
            if verb in policies.verbs
        )
    )
    of_all = frozenset(fact for fact in facts if fact.partition(".")[0] not in _OF_A_TOUCH)
    touch = Touch("sql.read", Operation.READ, Resource("Table", ""))
    action = _action(Statement("sql.read", (touch,), complete=True), evidence)
    asked = context(Moment(action, touch, evidence, assessment, evidence.at), of_all)
    target = evidence.target
    return (
        policies.revision,
        evidence.subject,
        target and (target.name, target.protocol, target.environment, target.owners),
        repr(sorted((group, sorted(values.items())) for group, values in asked.items())),
    )
