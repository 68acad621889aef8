"""Break-glass: each use, why, what was done with it, and what whoever reviewed it found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assent.audit.evidence.nouns import (
    UNREADABLE,
    Bars,
    Cell,
    Column,
    Figure,
    Findings,
    Known,
    Needs,
    Said,
    instant,
    listed,
    table,
    top,
)
from assent.core.entry import EntryKind
from assent.core.grant import Grant, GrantKind
from assent.core.ids import GrantId
from assent.core.review import Review

_USES = (
    Column("began", "time"),
    Column("ended", "time", "when it ran out, was revoked, or will run out"),
    Column("who"),
    Column("target"),
    Column("reason"),
    Column("sessions", "number"),
    Column("actions", "number", "that were decided singly in them"),
    Column("denied", "number"),
    Column("what was done", about="verbs of permitted actions, and how often"),
    Column("rows", "number", "of these actions"),
    Column("recorded", "number", "frames of the recordings, with repeated statements"),
    Column("review", about="how its reviews stood at the end of the period"),
    Column("grant", "id"),
    Column("receipt", "id", "entry that issued it"),
)
_REVIEWS = (
    Column("opened", "time"),
    Column("due", "time"),
    Column("about", about="who broke the glass"),
    Column("target"),
    Column("group", about="who has to review it"),
    Column("state", about="at the end of the period"),
    Column("reviewer"),
    Column("closed", "time"),
    Column("found"),
    Column("review", "id"),
    Column("grant", "id"),
    Column("receipt", "id", "entry that closed it"),
)


@dataclass(slots=True)
class _Session:
    """What was done in one session. frames: None until it has ended."""

    grant: str = ""
    actions: int = 0
    denied: int = 0
    rows: int = 0
    frames: int | None = None
    verbs: dict[str, int] = field(default_factory=dict)


class BreakGlassUses:
    """Reads grants, sessions and reviews; what is no break-glass is left out at the end."""

    def __init__(self) -> None:
        self._issued: dict[str, Said] = {}
        self._sessions: dict[str, _Session] = {}
        self._verbs: dict[str, str] = {}
        self._closed: dict[str, Said] = {}
        self._opened: dict[str, Said] = {}

    def take(self, said: Said) -> None:
        """Read an entry."""
        match said.kind:
            case EntryKind.GRANT_ISSUED:
                self._issued[said.fact("grant")] = said
            case EntryKind.SESSION_OPENED if said.session:
                self._sessions[said.session] = _Session(said.fact("grant"))
            case EntryKind.SESSION_ENDED if said.session in self._sessions:
                self._sessions[said.session].frames = said.number("frames")
            case EntryKind.ATTEMPT if said.session in self._sessions:
                self._verbs[said.fact("action")] = said.fact("verb")
            case EntryKind.DECISION if said.session in self._sessions:
                self._decided(self._sessions[said.session], said)
            case EntryKind.RESULT if said.session in self._sessions:
                self._sessions[said.session].rows += said.number("rows") or 0
            case EntryKind.REVIEW_OPENED:
                self._opened[said.fact("review")] = said
            case EntryKind.REVIEW_CLOSED:
                self._closed[said.fact("review")] = said

    def _decided(self, session: _Session, said: Said) -> None:
        verb = self._verbs.pop(said.fact("action"), "")
        permitted = said.fact("outcome") == "permit"
        if permitted and said.fact("phase") == "prepare":
            return
        session.actions += 1
        session.denied += not permitted
        if permitted:
            session.verbs[verb] = session.verbs.get(verb, 0) + 1

    def needs(self) -> Needs:
        """Return what has to be looked up: which of the grants are break-glass."""
        return Needs(grants=frozenset(self._issued))

    def finish(self, known: Known) -> Findings:
        """Return the report."""
        grants = {
            one.id: one
            for one in known.grants.values()
            if one.kind is GrantKind.BREAK_GLASS and one.id in self._issued
        }
        under: dict[str, list[_Session]] = {}
        for session in self._sessions.values():
            under.setdefault(session.grant, []).append(session)
        uses = [
            self._use(grant, under.get(grant.id, []), known)
            for grant in sorted(grants.values(), key=lambda one: one.starts_at)
        ]
        reviews = sorted(
            (one for one in known.reviews if self._counts(one, known)),
            key=lambda one: one.opened_at,
        )
        tables = (
            table(
                "uses",
                "Uses of break-glass",
                "Every time that somebody opened a target in an emergency, one row each.",
                _USES,
                uses,
                "Nobody broke the glass in this period.",
            ),
            table(
                "reviews",
                "Reviews",
                "Every review that was opened, closed or still owed in the period. Policies may "
                "ask for a review of usual access, too.",
                _REVIEWS,
                [self._review(one, known) for one in reviews],
                "No review was opened, closed or owed in this period.",
            ),
        )
        done = [session for grant in grants for session in under.get(grant, [])]
        return Findings(
            self._figures(grants, done, reviews, known),
            _bars(grants.values(), done, known),
            tables,
            _NOTES,
        )

    def _counts(self, review: Review, known: Known) -> bool:
        was_open = review.opened_at < known.until and (
            review.closed_at is None or review.closed_at >= known.since
        )
        return was_open or review.id in self._opened or review.id in self._closed

    def _use(self, grant: Grant, sessions: Sequence[_Session], known: Known) -> tuple[Cell, ...]:
        issued = self._issued[grant.id]
        verbs: dict[str, int] = {}
        for session in sessions:
            for verb, count in session.verbs.items():
                verbs[verb] = verbs.get(verb, 0) + count
        frames = [session.frames for session in sessions if session.frames is not None]
        revoked = grant.revoked_at
        ended = revoked if revoked and revoked < known.until else grant.ends_at
        return (
            instant(grant.starts_at),
            instant(ended),
            known.who(grant.subject),
            known.where(grant.target),
            issued.word("reason"),
            len(sessions),
            sum(session.actions for session in sessions),
            sum(session.denied for session in sessions),
            listed([f"{verb} {count}" for verb, count in sorted(verbs.items())]),
            sum(session.rows for session in sessions),
            sum(frames) if frames else None,
            listed([_state(one, known) for one in known.reviews if one.grant == grant.id]),
            grant.id,
            issued.id,
        )

    def _review(self, review: Review, known: Known) -> tuple[Cell, ...]:
        closed = self._closed.get(review.id)
        over = known.within(review.closed_at)
        found = review.comment if over else ""
        if closed is not None and not closed.readable:
            found = UNREADABLE
        return (
            instant(review.opened_at),
            instant(review.due_at),
            known.who(review.subject),
            known.where(review.target),
            review.group.replace("|", " or "),
            _state(review, known),
            known.who(review.closed_by) if over else "",
            instant(review.closed_at) if over else None,
            found,
            review.id,
            review.grant,
            closed.id if closed else None,
        )

    def _figures(
        self,
        grants: Mapping[GrantId, Grant],
        done: Sequence[_Session],
        reviews: Sequence[Review],
        known: Known,
    ) -> tuple[Figure, ...]:
        states = [_state(one, known) for one in reviews]
        return (
            Figure("uses", len(grants), "rows of the table"),
            Figure("actions", sum(session.actions for session in done), "decided singly"),
            Figure("denied", sum(session.denied for session in done)),
            Figure("rows", sum(session.rows for session in done)),
            Figure("reviews", len(reviews)),
            Figure("justified", states.count("justified")),
            Figure("not justified", states.count("not-justified")),
            Figure("overdue", states.count("overdue"), "at the end of the period"),
        )


def _state(review: Review, known: Known) -> str:
    if known.within(review.closed_at) and review.verdict is not None:
        return review.verdict.value
    return "overdue" if review.due_at <= known.until else "open"


def _bars(grants: Iterable[Grant], done: Iterable[_Session], known: Known) -> tuple[Bars, ...]:
    people: dict[str, int] = {}
    for grant in grants:
        name = known.who(grant.subject)
        people[name] = people.get(name, 0) + 1
    verbs: dict[str, int] = {}
    for session in done:
        for verb, count in session.verbs.items():
            verbs[verb] = verbs.get(verb, 0) + count
    return (Bars("Uses by person", top(people)), Bars("Permitted actions by verb", top(verbs)))


_NOTES = (
    "A statement that was repeated in one session rests on its first decision and is counted in "
    "`recorded` only; the recording has each of them.",
    "A session in which the glass was broken may also have used access that its person had before.",
)
