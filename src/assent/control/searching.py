"""Searching by effect: who did what to what, among all that was ever done."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assent.control.directory import Directory
from assent.control.effects import NAME
from assent.control.reading import with_reason
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock, isoformat
from assent.core.effect import Effect, EffectFilter, EffectOutcome, EffectPosition, words_of
from assent.core.entry import Entry, EntryKind
from assent.core.faults import MissingFault, OperatorFault
from assent.core.ids import EntryId, Ids, SessionId, SubjectId, TargetId
from assent.core.ports import Store
from assent.core.role import Permission

MOST_FOUND = 500
_VERB = re.compile(r"[a-z][a-z0-9_-]{0,31}(\.[a-z][a-z0-9_-]{0,31}){0,3}(\.\*)?", re.ASCII)
_SESSION = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_LOOKS = 3
"""How often one question looks further back until it has enough."""

OUTCOMES = {
    "permitted": (EffectOutcome.PERMITTED, EffectOutcome.RELEASED),
    "denied": (EffectOutcome.DENIED, EffectOutcome.REFUSED),
    "held": (EffectOutcome.HELD, EffectOutcome.RELEASED, EffectOutcome.REFUSED),
}
"""What each word means: what people let after all was held, and was permitted."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for; empty or None for all.

    verb: such as `sql.delete`; `sql.*` or `sql` for all that begin so. by, target: names.
    outcome: a key of OUTCOMES. with_canary: also what the gateway's own canary did.
    """

    verb: str = ""
    resource: str = ""
    by: str = ""
    target: str = ""
    session: str = ""
    outcome: str = ""
    rows_over: int | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    with_canary: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, newest first. next: where older ones begin, None where there are none.

    indexed: how many entries of the log the index has seen, of `size`.
    """

    effects: Sequence[Effect]
    next: EffectPosition | None
    indexed: int
    size: int


class Searching:
    """Searches the index of effects for those who may: overseers all, everybody their own."""

    def __init__(self, *, store: Store, directory: Directory, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids

    async def search(
        self,
        caller: Caller,
        question: Question,
        before: EffectPosition | None = None,
        limit: int = 100,
    ) -> Answer:
        """Return effects behind `before`; that somebody who oversees asked is in the log first.

        A page may be short without being the last one. Raises ForbiddenFault, MissingFault,
        OperatorFault for what cannot be asked, OutsideFault.
        """
        wanted = self._filter(caller, question)
        if wanted.text and caller.may(Permission.READ_LOG):
            caller.check_payloads()
        if caller.may(Permission.READ_LOG) and (before is None or caller.reason):
            await self._store.commit((), (self._read_by(caller, wanted),))
        found: list[Effect] = []
        most = max(1, min(limit, MOST_FOUND))
        for _ in range(_MOST_LOOKS):
            page = await self._store.effects(wanted, before, most - len(found))
            found += page.effects
            before = page.next
            if before is None or len(found) >= most:
                break
        indexed = await self._store.cursor(NAME)
        checkpoint = await self._store.checkpoint()
        size = max(indexed, checkpoint.size if checkpoint else 0)
        return Answer(found, before, indexed, size)

    def _filter(self, caller: Caller, question: Question) -> EffectFilter:
        subject = self._subject(caller, question.by)
        if question.outcome and question.outcome not in OUTCOMES:
            known = ", ".join(f"`{one}`" for one in OUTCOMES)
            words = f"`{question.outcome[:80]}` is no outcome; there are {known}"
            raise OperatorFault("no-such-outcome", words)
        if question.text and not words_of(question.text):
            raise OperatorFault("no-words", f"`{question.text[:80]}` has no word to search for")
        resource = _plain(question.resource)
        own = None if question.with_canary or subject is not None else self._directory.own
        return EffectFilter(
            verbs=(_verb(question.verb),) if question.verb else (),
            resource=resource,
            subject=subject,
            target=self._target(question.target) if question.target else None,
            session=_session(question.session) if question.session else None,
            outcomes=OUTCOMES.get(question.outcome, ()),
            rows_over=question.rows_over,
            text=_plain(question.text),
            since=question.since,
            until=question.until,
            but=own,
        )

    def _subject(self, caller: Caller, name: str) -> SubjectId | None:
        if not caller.may(Permission.READ_LOG):
            if name and name != caller.subject.name:
                caller.check(Permission.READ_LOG)
            return caller.subject.id
        if not name:
            return None
        found = self._directory.subject_named(name)
        if found is None:
            raise MissingFault("no-such-person", f"there is no person `{name[:80]}`")
        return found.id

    def _target(self, name: str) -> TargetId:
        found = self._directory.target_named(name)
        if found is None:
            raise MissingFault("no-such-target", f"there is no target `{name[:80]}`")
        return found.id

    def _read_by(self, caller: Caller, wanted: EffectFilter) -> Entry:
        facts: dict[str, Json] = {"what": "effects"}
        said: dict[str, Json] = {
            "verbs": list(wanted.verbs) or None,
            "about": wanted.subject,
            "target": wanted.target,
            "session": wanted.session,
            "outcomes": [one.value for one in wanted.outcomes] or None,
            "rows_over": wanted.rows_over,
            "since": isoformat(wanted.since) if wanted.since else None,
            "until": isoformat(wanted.until) if wanted.until else None,
        }
        facts |= {name: value for name, value in said.items() if value is not None}
        # What somebody wrote is no fact: it may be anything, a name or a number of a person too.
        typed: dict[str, Json] = {"resource": wanted.resource, "text": wanted.text}
        typed = {name: value for name, value in typed.items() if value}
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOG_READ,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts=facts,
            payload=with_reason(caller, typed or None),
        )


def _verb(text: str) -> str:
    """Return a verb as the index knows it: `sql` means all that begins with it."""
    verb = text.strip().lower()
    if not _VERB.fullmatch(verb):
        words = f"`{text[:80]}` is no verb; write one such as `sql.delete`, or `sql.*`"
        raise OperatorFault("no-such-verb", words)
    return verb if "." in verb else f"{verb}.*"


def _plain(text: str) -> str:
    """Return a text as entries and databases take it: composed (NFC), without NUL."""
    return unicodedata.normalize("NFC", text.replace("\0", " ")).strip()


def _session(text: str) -> SessionId:
    if not _SESSION.fullmatch(text):
        raise MissingFault("no-such-session", f"there is no session `{text[:80]}`; ids are `ses_…`")
    return SessionId(text)


def cursor_text(position: EffectPosition) -> str:
    """Return a position as a page names it: microseconds since 1970, and the place."""
    return f"{(position.at - _EPOCH) // _MICROSECOND}-{position.place}"


def position_of(text: str) -> EffectPosition:
    """Return the position that `cursor_text` wrote. Raises OperatorFault."""
    try:
        at, place = (int(part) for part in text.split("-"))
        if at < 0 or not 0 <= place < 2**63:
            raise ValueError
        return EffectPosition(_EPOCH + at * _MICROSECOND, place)
    except (ValueError, OverflowError):
        raise OperatorFault("no-such-page", f"`{text[:80]}` is where no page ends") from None
