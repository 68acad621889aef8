"""The facts that policies may ask about: `context.statement.has_where` and the others.

One table: its names and types become the Cedar schema, its functions the context of a
request. Every fact is always there, so that no policy can be skipped for want of one; what
is not known has the value that is read as the more dangerous one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from assent.core.action import Action, Operation, Phase, Touch
from assent.core.assessment import Assessment
from assent.core.canonical import Json
from assent.core.evidence import Evidence
from assent.core.grant import Grant, GrantKind
from assent.policy.labels import labels_of
from assent.policy.remedies import has_reason, has_ticket

EVERYTHING = "*"
"""What is asked for where nothing is named."""
NEVER_S = 10**9
"""The age of what never happened, in seconds: some thirty years."""
MANY_ROWS = 10**12
"""Rows of what touches a table and could not be estimated."""
COMPLIANT_PATCH_DAYS = 45
"""The newest security update of a compliant device is at most so old."""

PASSKEY = "passkey"
"""How whoever used a passkey signed in: another site cannot have made them do it for it."""

_MOVES_ROWS = frozenset({Operation.READ, Operation.WRITE, Operation.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Moment:
    """What one touch is decided on. verbs: those that protocols have."""

    action: Action
    touch: Touch
    evidence: Evidence
    assessment: Assessment
    now: datetime
    verbs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute of the context. type: in Cedar's schema syntax. about: for people."""

    type: str
    about: str
    of: Callable[[Moment], Json]


def _age_s(at: datetime | None, now: datetime) -> int:
    return NEVER_S if at is None else max(0, int((now - at).total_seconds()))


def _for_s(moment: Moment) -> int:
    """Return the span asked for; one that is not a number counts as for ever."""
    text = moment.action.details.get("for_s", "0")
    is_number = text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if is_number else NEVER_S


def _method(moment: Moment) -> str:
    proof = moment.evidence.authentication
    return proof.method if proof else ""


def _authenticated_s(moment: Moment) -> int:
    proof = moment.evidence.authentication
    return _age_s(proof.at if proof else None, moment.now)


def _stepped_up_s(moment: Moment) -> int:
    proof = moment.evidence.authentication
    return _age_s(proof.stepped_up_at if proof else None, moment.now)


def _phishing_resistant(moment: Moment) -> bool:
    proof = moment.evidence.authentication
    return proof is not None and PASSKEY in (proof.method, proof.stepped_up_by)


def _grants(moment: Moment) -> list[Grant]:
    return [
        grant
        for grant in moment.evidence.grants
        if grant.gives_access(moment.now)
        and grant.subject == moment.action.subject
        and grant.target == moment.action.target
    ]


def _breaks_glass(moment: Moment) -> bool:
    return any(grant.kind is GrantKind.BREAK_GLASS for grant in _grants(moment))


def _session_s(moment: Moment) -> int:
    """Return the age of the session; what is not done in one has none."""
    if moment.action.session is None:
        return 0
    session = moment.evidence.session
    return _age_s(session.opened_at if session else None, moment.now)


def _verbs_asked(moment: Moment) -> list[str]:
    """Return the verbs that access is asked for; who names none asks for all there are."""
    named = moment.action.details.get("verbs", "").split()
    return sorted(set(named)) or [EVERYTHING, *sorted(moment.verbs)]


def _resources_asked(moment: Moment) -> list[str]:
    named = moment.action.details.get("resources", "").split()
    return sorted(set(named)) or [EVERYTHING]


def _is_history_known(moment: Moment) -> bool:
    return "history" not in moment.evidence.unavailable


def _is_first_time(moment: Moment) -> bool:
    key = f"{moment.touch.verb} {moment.touch.resource.name}"
    return not _is_history_known(moment) or moment.evidence.history.get(key, 0) <= 0


def _attacker(moment: Moment) -> str:
    attacker = moment.assessment.attacker
    return attacker.value if attacker else ""


def _asn(moment: Moment) -> int | None:
    network = moment.evidence.network
    return network.asn if network else None


def _asn_or_0(moment: Moment) -> int:
    return _asn(moment) or 0


def _country(moment: Moment) -> str:
    network = moment.evidence.network
    return network.country if network else ""


def _zones(moment: Moment) -> list[str]:
    network = moment.evidence.network
    return sorted(network.zones) if network else []


def _lists(moment: Moment) -> list[str]:
    network = moment.evidence.network
    return sorted(network.lists) if network else []


def _kept(name: str) -> Callable[[Moment], bool]:
    """Return what says whether the device is kept so; what it does not say, it is not."""

    def of(moment: Moment) -> bool:
        device = moment.evidence.device
        return device is not None and getattr(device, name) is True

    return of


def _said(name: str) -> Callable[[Moment], str]:
    def of(moment: Moment) -> str:
        device = moment.evidence.device
        return getattr(device, name) if device is not None else ""

    return of


def _patch_age_days(moment: Moment) -> int:
    device = moment.evidence.device
    age = device.patch_age_days if device is not None else None
    return NEVER_S if age is None else age


def _is_compliant(moment: Moment) -> bool:
    well = all(_kept(name)(moment) for name in ("disk_encrypted", "screen_lock", "firewall"))
    return well and _patch_age_days(moment) <= COMPLIANT_PATCH_DAYS


def _reported_s(moment: Moment) -> int:
    device = moment.evidence.device
    return _age_s(device.reported_at if device else None, moment.now)


def _rows_estimated(moment: Moment) -> int:
    """Return how many rows; nobody knows counts as more than any policy allows."""
    impact, touch = moment.evidence.impact, moment.touch
    if impact is not None and impact.rows is not None:
        return impact.rows
    moves_rows = touch.resource.kind == "Table" and touch.operation in _MOVES_ROWS
    return MANY_ROWS if moves_rows and moment.action.phase is Phase.EXECUTE else 0


def _utc(moment: Moment) -> datetime:
    return moment.now.astimezone(UTC)


FACTS: Mapping[str, Mapping[str, Fact]] = {
    "statement": {
        "kind": Fact("String", "the dominant verb", lambda m: m.action.verb),
        "has_where": Fact(
            "Bool",
            "false when some update or delete has no WHERE",
            lambda m: m.action.statement.has_where,
        ),
        "complete": Fact(
            "Bool", "whether all of it was understood", lambda m: m.action.statement.complete
        ),
        "functions": Fact(
            "Set<String>", "the functions it calls", lambda m: sorted(m.action.statement.functions)
        ),
        "rows_estimated": Fact(
            "Long",
            "rows read or changed, as the target's planner estimates; 10^12 where it could not",
            _rows_estimated,
        ),
    },
    "touch": {
        "columns": Fact(
            "Set<String>", "the columns touched, `*` for all", lambda m: sorted(m.touch.columns)
        ),
        "arguments": Fact(
            "Set<String>",
            "the words of a command, or `path=value` of what a call is made with",
            lambda m: sorted(m.touch.arguments),
        ),
        "labels": Fact(
            "Set<String>",
            "the labels of the resource and of the columns touched",
            lambda m: labels_of(m.evidence.target, m.touch.resource.name, m.touch.columns),
        ),
        "direct": Fact(
            "Bool", "whether the text itself names the resource", lambda m: not m.touch.through
        ),
        "through": Fact(
            "String",
            "by what it is touched, such as `view public.totals`; empty where the text names it",
            lambda m: m.touch.through,
        ),
    },
    "risk": {
        "score": Fact("Long", "0 to 100", lambda m: m.assessment.score),
        "level": Fact("String", "`low`, `medium` or `high`", lambda m: m.assessment.level.value),
        "attacker": Fact("String", "the kind of attacker it looks like, empty for none", _attacker),
        "confidence": Fact(
            "String",
            "`low`, `medium` or `high`: from how much of their own history",
            lambda m: m.assessment.confidence.value,
        ),
    },
    "network": {
        "known": Fact(
            "Bool", "whether the files say in which network it is", lambda m: _asn(m) is not None
        ),
        "asn": Fact("Long", "number of the autonomous system, 0 where not known", _asn_or_0),
        "country": Fact("String", "ISO 3166-1 code, empty where not known", _country),
        "zones": Fact("Set<String>", "your own networks that it is in", _zones),
        "lists": Fact(
            "Set<String>", "`hosting`, `vpn`, `proxy`, `tor`: the lists that it is on", _lists
        ),
    },
    "device": {
        "bound": Fact(
            "Bool",
            "whether an admitted device of theirs signed for it, with a key that never leaves it",
            lambda m: m.evidence.device is not None,
        ),
        "compliant": Fact(
            "Bool",
            "whether it says, freshly, that its disk is encrypted, its firewall and screen lock "
            "are on and its patches are at most 45 days old",
            _is_compliant,
        ),
        "managed": Fact(
            "Bool", "whether the system that manages devices says that it does", _kept("managed")
        ),
        "disk_encrypted": Fact("Bool", "false where it does not say", _kept("disk_encrypted")),
        "firewall": Fact("Bool", "false where it does not say", _kept("firewall")),
        "screen_lock": Fact("Bool", "false where it does not say", _kept("screen_lock")),
        "patch_age_days": Fact(
            "Long", "age of its newest security update; 10^9 where it does not say", _patch_age_days
        ),
        "report_age_s": Fact(
            "Long", "seconds since it said so; 10^9 where it never did", _reported_s
        ),
        "key": Fact("String", "the id of its key, empty for none", _said("key")),
        "system": Fact("String", "such as `Debian GNU/Linux 13`", _said("system")),
        "model": Fact("String", "what it is, as it says", _said("model")),
    },
    "time": {
        "hour": Fact("Long", "0 to 23, UTC", lambda m: _utc(m).hour),
        "weekday": Fact("Long", "1 Monday to 7 Sunday, UTC", lambda m: _utc(m).isoweekday()),
        "weekend": Fact("Bool", "Saturday or Sunday, UTC", lambda m: _utc(m).isoweekday() > 5),
    },
    "session": {
        "in_transaction": Fact(
            "Bool", "whether locks may be held meanwhile", lambda m: m.action.in_transaction
        ),
        "phase": Fact(
            "String",
            "`prepare` before the parameters are known, or `execute`",
            lambda m: m.action.phase.value,
        ),
        "age_s": Fact(
            "Long",
            "seconds since the session was opened; 0 outside of one, 10^9 where it is not known",
            _session_s,
        ),
    },
    "grant": {
        "active": Fact(
            "Bool",
            "whether a grant opens the target now: valid and not used up",
            lambda m: bool(_grants(m)),
        ),
        "break_glass": Fact("Bool", "whether one of them was taken in an emergency", _breaks_glass),
    },
    "authentication": {
        "method": Fact("String", "how the person signed in, empty when not known", _method),
        "age_s": Fact("Long", "seconds since the person signed in", _authenticated_s),
        "step_up_age_s": Fact(
            "Long", "seconds since the person confirmed who they are", _stepped_up_s
        ),
        "phishing_resistant": Fact(
            "Bool",
            "whether the person signed in, or confirmed last, with a passkey",
            _phishing_resistant,
        ),
    },
    "program": {
        "on_behalf_of": Fact(
            "String",
            "the id of the person for whom an agent acts, empty for anybody else",
            lambda m: m.evidence.subject.on_behalf_of or "",
        ),
        "owner": Fact(
            "String",
            "the id of who answers for an agent or a service account, empty for a person",
            lambda m: m.evidence.subject.owner or "",
        ),
        "task": Fact(
            "String",
            "what an agent or a service account says that it is for",
            lambda m: m.evidence.subject.task,
        ),
    },
    "connection": {
        "address": Fact(
            "String", "the peer's, without port", lambda m: m.evidence.connection.address
        ),
        "application": Fact(
            "String", "what the client calls itself", lambda m: m.evidence.connection.application
        ),
        "door": Fact(
            "String",
            "the door it came in by, such as `gateway`",
            lambda m: m.evidence.connection.door,
        ),
    },
    "request": {
        "reason": Fact("Bool", "whether a reason was given", lambda m: has_reason(m.evidence)),
        "ticket": Fact("Bool", "whether a ticket was named", lambda m: has_ticket(m.evidence)),
        "ticket_verified": Fact(
            "Bool",
            "whether the issue tracker knows the ticket as open, for this person",
            lambda m: has_ticket(m.evidence) and m.evidence.ticket_said == "open",
        ),
        "for_s": Fact("Long", "for how many seconds access is asked", _for_s),
        "verbs": Fact(
            "Set<String>",
            "the verbs that access is asked for; where none is named, all that there are and `*`",
            _verbs_asked,
        ),
        "resources": Fact(
            "Set<String>",
            "the tables and schemas (`sales.*`) that access is asked for; `*` where none is named",
            _resources_asked,
        ),
        "read_only": Fact(
            "Bool",
            "whether access is asked only to read",
            lambda m: m.action.details.get("read_only") == "true",
        ),
        "first_use": Fact(
            "Bool",
            "whether the time asked for begins when access is first used",
            lambda m: m.action.details.get("starts", "") not in ("", "approval"),
        ),
        "window": Fact(
            "Bool",
            "whether access is asked for hours that come again",
            lambda m: bool(m.action.details.get("window")),
        ),
    },
    "history": {
        "first_time": Fact(
            "Bool", "whether this person never did this to this resource", _is_first_time
        ),
        "known": Fact("Bool", "false when the history could not be read", _is_history_known),
    },
}

EVERY_FACT = frozenset(f"{group}.{name}" for group, facts in FACTS.items() for name in facts)
"""All of them, as `group.name`."""


def context(moment: Moment, needed: frozenset[str]) -> dict[str, dict[str, Json]]:
    """Return the context of one request, with the facts `group.name` that are needed in it.

    Only what some policy asks about is sent: reading the context is most of an evaluation.
    """
    facts: dict[str, dict[str, Json]] = {}
    for fact in needed:
        group, _, name = fact.partition(".")
        facts.setdefault(group, {})[name] = FACTS[group][name].of(moment)
    return facts
