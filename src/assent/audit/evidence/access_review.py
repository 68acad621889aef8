"""The access review: who could reach what, since when, on whose word, and who never used it."""

from datetime import datetime

from assent.audit.evidence.nouns import (
    Bars,
    Cell,
    Column,
    Figure,
    Findings,
    Known,
    Needs,
    Said,
    Standing,
    Table,
    instant,
    listed,
    table,
    top,
)
from assent.core.decision import ApprovalRemedy
from assent.core.entry import EntryKind
from assent.core.grant import Grant
from assent.core.request import Request, Verdict
from assent.core.subject import Subject

_ASKS = ("access.", "delegation.", "plan.")
_ENDS = (EntryKind.GRANT_REVOKED, EntryKind.GRANT_EXPIRED)
_IN_FORCE = (
    EntryKind.SERVER_STARTED,
    EntryKind.POLICY_CHANGED,
    EntryKind.CONFIGURATION_APPLIED,
    EntryKind.CONFIGURATION_CHANGED,
)

_GRANTS = (
    Column("holder", about="who held it"),
    Column("target"),
    Column("kind", about="access, break-glass, delegation or plan"),
    Column("covers", about="what it was limited to; empty for all that policies permit"),
    Column("granted by", about="people who assented, or the policies that permit it at once"),
    Column("request", "id"),
    Column("reason", about="of those that were issued in the period"),
    Column("began", "time"),
    Column("ended", "time", "when it ran out, was revoked, or will run out"),
    Column("at the end", about="how it stood at the end of the period"),
    Column("last used", "time"),
    Column("sessions", "number"),
    Column("actions", "number", "attempts in these sessions, in the period"),
    Column("receipt", "id", "entry that issued it; empty where that was before the period"),
)
_UNUSED = (
    Column("holder"),
    Column("target"),
    Column("began", "time"),
    Column("ended", "time"),
    Column("at the end"),
    Column("grant", "id"),
)
_PEOPLE = (
    Column("name"),
    Column("kind"),
    Column("state", about="enabled or disabled, when this was made"),
    Column("groups"),
    Column("vouched for by", about="who confirmed that the groups are theirs, and when"),
    Column("acts for", about="the person behind an agent"),
    Column("permitted by", about="policies whose head names them or a group of theirs"),
    Column("grants", "number", "held at some time of the period"),
    Column("last seen", "time", "last entry of theirs in the period"),
)
_STANDING = (
    Column("policy", "id"),
    Column("effect"),
    Column("who"),
    Column("what"),
    Column("on"),
    Column("conditions", about="whether it asks for more than its head says"),
    Column("adds", about="what it obliges to, or asks for"),
    Column("file"),
)
_REVISIONS = (
    Column("at", "time"),
    Column("what"),
    Column("by"),
    Column("revision", "id"),
    Column("receipt", "id"),
)


class AccessReview:
    """Reads grants, the sessions under them and what was done there."""

    def __init__(self) -> None:
        self._issued: dict[str, Said] = {}
        self._ended: set[str] = set()
        self._under: dict[str, str] = {}
        self._opened: dict[str, int] = {}
        self._attempts: dict[str, int] = {}
        self._last_in: dict[str, datetime] = {}
        self._seen: dict[str, datetime] = {}
        self._asked: dict[str, tuple[str, ...]] = {}
        self._asking: set[str] = set()
        self._by_policy: dict[str, tuple[str, ...]] = {}
        self._revisions: list[Said] = []

    def take(self, said: Said) -> None:
        """Read an entry."""
        if said.subject:
            self._seen[said.subject] = said.at
        match said.kind:
            case EntryKind.GRANT_ISSUED:
                self._issued[said.fact("grant")] = said
            case kind if kind in _ENDS:
                self._ended.add(said.fact("grant"))
            case EntryKind.SESSION_OPENED if said.session:
                self._under[said.session] = said.fact("grant")
                self._opened[said.session] = 1
                self._last_in[said.session] = said.at
            case EntryKind.ATTEMPT:
                self._attempted(said)
            case EntryKind.DECISION if said.fact("action") in self._asking:
                self._asking.discard(said.fact("action"))
                policies = said.facts.get("policies")
                if said.fact("outcome") == "permit" and isinstance(policies, list):
                    self._asked[said.fact("action")] = tuple(str(one) for one in policies)
            case EntryKind.REQUEST_SETTLED if said.request:
                self._by_policy[said.request] = self._asked.get(said.fact("action"), ())
            case kind if kind in _IN_FORCE and said.fact("policy_revision"):
                self._revisions.append(said)

    def _attempted(self, said: Said) -> None:
        if said.session:
            self._attempts[said.session] = self._attempts.get(said.session, 0) + 1
            self._last_in[said.session] = said.at
        elif said.fact("verb").startswith(_ASKS):
            self._asking.add(said.fact("action"))

    def needs(self) -> Needs:
        """Return what has to be looked up: sessions that began before, and grants."""
        sessions = frozenset(self._last_in) - frozenset(self._under)
        grants = {*self._issued, *self._ended, *self._under.values()}
        requests = {one.request for one in self._issued.values() if one.request}
        return Needs(frozenset(grants), frozenset(requests), sessions)

    def finish(self, known: Known) -> Findings:
        """Return the report."""
        for session in known.sessions.values():
            self._under.setdefault(session.id, session.grant)
        used = self._use()
        held = sorted(
            (one for one in known.grants.values() if _counted(one, known)),
            key=lambda one: (known.who(one.subject), known.where(one.target), one.starts_at),
        )
        unused = [one for one in held if _gives_access(one) and one.id not in used]
        grants = [self._grant(one, used.get(one.id), known) for one in held]
        tables = (
            table(
                "grants",
                "Who had access to what",
                "Every permission that counted at some time of the period, one row each.",
                _GRANTS,
                grants,
                "Nobody held any permission in this period.",
            ),
            table(
                "unused",
                "Access that nobody used",
                "Permissions to reach a target under which no session was open in the period.",
                _UNUSED,
                [_unused(one, known) for one in unused],
                "Every permission was used in the period.",
            ),
            self._people(known, held),
            _standing(known),
            self._revised(known),
        )
        return Findings(self._figures(known, held, unused), _bars(known, held), tables, _NOTES)

    def _use(self) -> dict[str, tuple[datetime, int, int]]:
        """Return of each grant when it was used last, in how many sessions, and attempts."""
        used: dict[str, tuple[datetime, int, int]] = {}
        for session, at in self._last_in.items():
            grant = self._under.get(session)
            if grant is not None:
                last, sessions, attempts = used.get(grant, (at, 0, 0))
                attempted = self._attempts.get(session, 0)
                used[grant] = (max(last, at), sessions + 1, attempts + attempted)
        return used

    def _grant(
        self, grant: Grant, used: tuple[datetime, int, int] | None, known: Known
    ) -> tuple[Cell, ...]:
        issued = self._issued.get(grant.id)
        last, sessions, attempts = used or (None, 0, 0)
        return (
            known.who(grant.subject),
            known.where(grant.target),
            grant.kind.value,
            known.scopes.get(grant.id, ""),
            self._granted_by(grant, known),
            grant.request,
            # Of one from before only the store knows it, which erases nothing.
            issued.word("reason") if issued else "",
            instant(grant.starts_at),
            instant(_ended_at(grant, known)),
            _state(grant, known),
            instant(last),
            sessions,
            attempts,
            issued.id if issued else None,
        )

    def _granted_by(self, grant: Grant, known: Known) -> str:
        request = known.requests.get(grant.request or "")
        people = _assenting(request, known) if request else []
        if people:
            return listed(people)
        policies = self._by_policy.get(grant.request or "", ())
        if policies:
            return listed([f"policy {one}" for one in policies])
        return "policy, at once" if request is None or not _asks_people(request) else ""

    def _people(self, known: Known, held: list[Grant]) -> Table:
        counts: dict[str, int] = {}
        for grant in held:
            counts[grant.subject] = counts.get(grant.subject, 0) + 1
        everybody = sorted(known.people, key=lambda one: one.name)
        rows = [self._person(one, counts.get(one.id, 0), known) for one in everybody]
        return table(
            "people",
            "People, machines and agents",
            "Everybody who is known, with their standing membership, when this was made.",
            _PEOPLE,
            rows,
            "Nobody is known.",
        )

    def _person(self, one: Subject, grants: int, known: Known) -> tuple[Cell, ...]:
        vouched = [one.verified_by, _day(one.verified_at)] if one.verified else ["nobody"]
        return (
            one.name,
            one.kind.value,
            "disabled" if one.disabled else "enabled",
            listed(sorted(one.groups)),
            " ".join(word for word in vouched if word) or "the configuration",
            known.who(one.on_behalf_of),
            listed(_permitting(one, known)),
            grants,
            instant(self._seen.get(one.id)),
        )

    def _revised(self, known: Known) -> Table:
        rows = [
            (instant(one.at), one.kind, known.who(one.subject), one.fact("policy_revision"), one.id)
            for one in self._revisions
        ]
        return table(
            "revisions",
            "Which policies were in force",
            "Each time that policies came into force in the period.",
            _REVISIONS,
            rows,
            "No policies came into force in this period; those from before stayed.",
        )

    def _figures(self, known: Known, held: list[Grant], unused: list[Grant]) -> tuple[Figure, ...]:
        standing = sum(_state(one, known) == "valid" for one in held)
        return (
            Figure("permissions", len(held), "that counted at some time of the period"),
            Figure("issued", len(self._issued), "entries grant.issued in the period"),
            Figure("still valid", standing, "at the end of the period"),
            Figure("never used", len(unused), "of those to reach a target"),
            Figure("people and machines", len(known.people), "known when this was made"),
            Figure("policies", len(known.standing), "in force when this was made"),
        )


def _permitting(one: Subject, known: Known) -> list[str]:
    """Return the standing permits whose head names this person, or a group that they are in."""
    heads = {"anybody", f"{one.kind.value.capitalize()} {one.id}"}
    heads |= {f"Group {name}" for name in one.groups}
    kinds = [(each.id, each.who.rpartition(" in ")[2]) for each in known.standing if _permits(each)]
    return [policy for policy, who in kinds if who in heads]


def _permits(one: Standing) -> bool:
    return one.effect == "permit"


def _counted(grant: Grant, known: Known) -> bool:
    """Return whether it counted within the period; the gateway's own are no access of anybody."""
    over_at = min(grant.ends_at, grant.revoked_at or grant.ends_at)
    counted = grant.starts_at < known.until and over_at > known.since
    # One that was issued and revoked at one instant was issued all the same.
    counted |= known.since <= grant.starts_at < known.until
    return counted and grant.subject != known.own


def _gives_access(grant: Grant) -> bool:
    return grant.target is not None and grant.kind.value in ("access", "break-glass")


def _ended_at(grant: Grant, known: Known) -> datetime:
    revoked = grant.revoked_at
    return revoked if revoked is not None and revoked < known.until else grant.ends_at


def _state(grant: Grant, known: Known) -> str:
    if known.within(grant.revoked_at):
        by = known.who(grant.revoked_by)
        return f"revoked by {by}" if by else "revoked"
    return "expired" if grant.ends_at <= known.until else "valid"


def _asks_people(request: Request) -> bool:
    return any(isinstance(one, ApprovalRemedy) for one in request.remedies)


def _assenting(request: Request, known: Known) -> list[str]:
    """Return who assented before the end of the period and did not take it back."""
    counting = [
        one
        for one in request.approvals
        if one.verdict is not Verdict.REJECT
        and known.within(one.at)
        and not known.within(one.withdrawn_at)
    ]
    return [
        known.who(one.approver)
        + (" (their own)" if one.approver == request.action.subject else "")
        + (f" for {known.who(one.in_place_of)}" if one.in_place_of else "")
        for one in counting
    ]


def _unused(grant: Grant, known: Known) -> tuple[Cell, ...]:
    return (
        known.who(grant.subject),
        known.where(grant.target),
        instant(grant.starts_at),
        instant(_ended_at(grant, known)),
        _state(grant, known),
        grant.id,
    )


def _standing(known: Known) -> Table:
    rows = [
        (
            one.id,
            one.effect,
            one.who,
            one.what,
            one.on,
            "yes" if one.has_conditions else "no",
            one.adds,
            one.file,
        )
        for one in known.standing
    ]
    return table(
        "policies",
        "What standing policies permit and forbid",
        f"The policies in force when this was made, revision {known.revision or 'unknown'}.",
        _STANDING,
        rows,
        "No policy is in force: nothing is permitted.",
    )


def _bars(known: Known, held: list[Grant]) -> tuple[Bars, ...]:
    targets: dict[str, int] = {}
    holders: dict[str, int] = {}
    for grant in held:
        if grant.target is not None:
            name = known.where(grant.target)
            targets[name] = targets.get(name, 0) + 1
        holder = known.who(grant.subject)
        holders[holder] = holders.get(holder, 0) + 1
    return (Bars("Permissions by target", top(targets)), Bars("By holder", top(holders)))


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""


_NOTES = (
    "Groups and policies are those of the moment when this was made; which policies were in force "
    "before is in the last table, by their digest.",
    "A permission alone lets nobody do anything: each action under it is decided again.",
)
