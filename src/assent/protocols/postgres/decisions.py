"""Asking about what the client attempts, and doing what the answer says.

A refusal looks to the client like an error of the target, and to the target like an error of
its own, so that both go on as they would after one.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from assent.core.action import Phase, Statement
from assent.core.faults import PeerFault
from assent.core.frame import MarkFrame, StatementFrame
from assent.core.plugins import (
    Answer,
    Ask,
    Authorize,
    Held,
    Permitted,
    Record,
    Refresh,
    Refreshed,
    RefusalKind,
    Refused,
    Send,
    Side,
    Step,
)
from assent.protocols.postgres import refusals
from assent.protocols.postgres.exchange import Exchange, Poison, Simple
from assent.protocols.postgres.extended import (
    Bound,
    Described,
    Group,
    Marked,
    Parsed,
    Running,
    check_bound,
    may_change_names,
    moves_rules,
    read_execute,
)
from assent.protocols.postgres.messages import (
    FLUSH,
    IDLE,
    close_portal,
    describe_portal,
    parse,
    query,
    ready,
)
from assent.protocols.postgres.names import Overlay, Portal, Prepared, moved_names
from assent.protocols.postgres.results.results import Results

# No name that a client gives a portal; if one does, it is that client's portal which is closed.
_NO_PORTAL = b"assent: what follows is described"


class Attempt(Struct, gc=False):
    """A message to be let through. statement: None where a decision is reused.

    portal: of an Execute or Bind. name: of a Parse or Bind. binds: it is a Bind, which runs
    nothing by itself.
    """

    phase: Phase
    prepared: Prepared
    message: bytes
    sequence: int
    parameters: tuple[str | None, ...] = ()
    portal: Portal | None = None
    name: bytes = b""
    binds: bool = False
    statement: Statement | None = None

    @property
    def runs(self) -> bool:
        """Whether the target runs something at once if this is let through."""
        return self.phase is Phase.EXECUTE and not self.binds


class Asked(Struct, gc=False):
    """An open question. held: the last that was heard, None while nobody is waited for.

    refreshing: it is not asked yet: what is known of names is brought up to date before.
    """

    ticket: int
    attempt: Attempt
    deadline: datetime
    held: Held | None = None
    refreshing: bool = False


class Decisions:
    """One question at a time. asked: the open one."""

    def __init__(
        self, exchange: Exchange, nonce: Callable[[], str], tickets: Iterator[int]
    ) -> None:
        self._exchange = exchange
        self._nonce = nonce
        self._tickets = tickets
        self.asked: Asked | None = None

    def authorize(self, attempt: Attempt, now: datetime, steps: list[Step]) -> None:
        """Let an attempt through that was permitted before, or ask about it."""
        exchange = self._exchange
        prepared = attempt.prepared
        if exchange.knowledge.stale:
            self._refresh(attempt, now, steps)
            return
        if exchange.status == IDLE and not exchange.names_moved_on:
            exchange.reading.settle()
        if prepared.shape is not None:
            permitted = exchange.reuse.find(attempt.phase, prepared.shape, now)
            if permitted is not None:
                self._permitted(attempt, "reuse", permitted, now, steps)
                return
        self._ask(attempt, now, steps)

    def _refresh(self, attempt: Attempt, now: datetime, steps: list[Step]) -> None:
        """Have names brought up to date before the attempt is read."""
        ticket = next(self._tickets)
        deadline = now + self._exchange.limits.answer_for
        self.asked = Asked(ticket, attempt, deadline, refreshing=True)
        self._exchange.send_ready(steps)
        steps.append(Ask(ticket, Refresh()))

    def _ask(self, attempt: Attempt, now: datetime, steps: list[Step]) -> None:
        exchange = self._exchange
        prepared = attempt.prepared
        group = exchange.group
        overlay = group.overlay if group else Overlay()
        statement = exchange.names.resolved(prepared.statement, overlay)
        if statement.unresolved and exchange.reading.misses(statement):
            self._refresh(attempt, now, steps)
            return
        if exchange.names_moved:
            statement = moved_names(statement)
        attempt.statement = statement
        in_transaction = self._in_transaction(group)
        ticket = next(self._tickets)
        self.asked = Asked(ticket, attempt, now + exchange.limits.answer_for)
        exchange.send_ready(steps)
        question = Authorize(
            statement, prepared.text, attempt.parameters, attempt.phase, in_transaction
        )
        steps.append(Ask(ticket, question))

    def _in_transaction(self, group: Group | None) -> bool:
        """Whether locks may be held: also by what ran before in a group without a Sync."""
        exchange = self._exchange
        executed = group is not None and group.executed
        return exchange.status != IDLE or exchange.unfinished or executed

    def answer(self, ticket: int, answer: Answer, now: datetime, steps: list[Step]) -> bool:
        """Take an answer; return whether the client's next message may be looked at.

        One to a question that is over is ignored.
        """
        asked = self.asked
        if asked is None or asked.ticket != ticket:
            return False
        if isinstance(answer, Held):
            self._hold(asked, answer, now, steps)
            return False
        self.asked = None
        group = self._exchange.unit
        if asked.refreshing and isinstance(answer, Refreshed):
            self._ask(asked.attempt, now, steps)
            return False
        if isinstance(answer, Refused):
            self._refused(asked.attempt, answer, now, steps)
        elif not isinstance(answer, Permitted):
            raise PeerFault("unfitting-answer", "the gateway answered another question")
        elif isinstance(group, Group) and group.discarding:
            why = "an earlier statement of its pipeline failed, so it was not run"
            steps.append(Record(MarkFrame(asked.attempt.sequence, now, "skipped", why)))
        else:
            if asked.held is not None:
                mark = MarkFrame(asked.attempt.sequence, now, "released", answer.request)
                steps.append(Record(mark))
            self._permitted(asked.attempt, "permit", answer, now, steps)
        return True

    def wake(self, now: datetime, steps: list[Step]) -> bool:
        """Refuse where nobody answered in time; return what `answer` does."""
        asked = self.asked
        if asked is None or now < asked.deadline:
            return False
        if asked.held is not None:
            refused = Refused(
                RefusalKind.TIMED_OUT, "nobody assented in time", request=asked.held.request
            )
        else:
            refused = Refused(
                RefusalKind.UNAVAILABLE, "no decision could be had in time", hint="try again"
            )
        return self.answer(asked.ticket, refused, now, steps)

    def _hold(self, asked: Asked, held: Held, now: datetime, steps: list[Step]) -> None:
        exchange = self._exchange
        if asked.held is None:
            mark = MarkFrame(asked.attempt.sequence, now, "held", held.request)
            steps.append(Record(mark))
            group = exchange.unit
            if isinstance(group, Group) and group.went_up:
                # So that the results of what ran before arrive while this one waits.
                steps.append(Send(Side.TARGET, FLUSH))
        asked.held = held
        asked.deadline = held.deadline_at + exchange.limits.grace_for
        exchange.tell_client(refusals.notice(held), steps)

    def _permitted(
        self, attempt: Attempt, verdict: str, permitted: Permitted, now: datetime, steps: list[Step]
    ) -> None:
        exchange = self._exchange
        group = exchange.group
        statement = attempt.statement
        if statement is not None and not exchange.names_moved:
            exchange.reuse.keep(attempt.phase, attempt.prepared.shape, statement, permitted)
        if attempt.phase is Phase.PREPARE and group is not None:
            self._add_parse(attempt, group)
            return
        if permitted.enforcement is not None and self._cannot_be_kept(
            attempt, permitted, now, steps
        ):
            return
        if attempt.portal is not None:
            attempt.portal.permitted = permitted
            attempt.portal.statement = statement
        if attempt.binds and group is not None:
            self._add_bind(attempt, group)
        else:
            self.let_through(attempt, verdict, permitted, now, steps)

    def _cannot_be_kept(
        self, attempt: Attempt, permitted: Permitted, now: datetime, steps: list[Step]
    ) -> bool:
        """Refuse it where its result could not be masked; return whether that is so."""
        if permitted.enforcement is None:
            return False
        statement = attempt.statement or attempt.prepared.statement
        keeping = self._exchange.keeping
        why = keeping.can_keep(attempt.prepared.text, statement, permitted.enforcement)
        if why:
            refused = Refused(
                RefusalKind.DENIED,
                f"this result cannot be masked: {why}",
                hint="read it in a form that the gateway understands",
                entry=permitted.entry,
            )
            self._refused(attempt, refused, now, steps)
        return bool(why)

    def _oblige(self, attempt: Attempt, permitted: Permitted, running: Running) -> None:
        """Have the results of what runs looked at, and its time, if its permit obliges to it."""
        keeping = self._exchange.keeping
        enforcement = permitted.enforcement
        if enforcement is None and not keeping.cursors.known:
            return
        self._exchange.obliged = True
        text, portal = attempt.prepared.text, attempt.portal
        statement = attempt.statement or attempt.prepared.statement
        keeping.cursors.ran(text, statement)
        if enforcement is not None and enforcement.timeout is not None:
            running.timeout = enforcement.timeout
            running.deadline = running.started_at + enforcement.timeout
        if portal is not None and portal.results is not None:
            # Fetching on: what its rows are is known, and how many have passed.
            running.results = portal.results
            if enforcement is not None and portal.is_counted:
                portal.results.passed.also([one for one in enforcement.limits if one.counted])
            return
        source = portal.source if portal is not None else None
        source = source or keeping.source(text, statement, enforcement)
        if source is None:
            return
        running.results = keeping.results(text, source)
        running.declared = source if source.declares else None
        if portal is not None:
            portal.results = running.results

    def _add_parse(self, attempt: Attempt, group: Group) -> None:
        exchange = self._exchange
        prepared, name = attempt.prepared, attempt.name
        group.overlay.statements[name] = prepared
        check_bound(group, exchange.limits)
        group.add(attempt.message, Parsed(name, prepared, exchange.names.statement_generation))

    def _add_bind(self, attempt: Attempt, group: Group) -> None:
        portal = attempt.portal
        if portal is None:
            return
        # From here on a FETCH in SQL may run it.
        self._note_effects(attempt.prepared.text, attempt.statement, group)
        keeping = self._exchange.keeping
        keeping.cursors.doubt(attempt.name.decode("utf-8", "replace"))
        permitted = portal.permitted
        if permitted is not None and permitted.enforcement is not None:
            statement = attempt.statement or attempt.prepared.statement
            portal.source = keeping.source(attempt.prepared.text, statement, permitted.enforcement)
        group.overlay.portals[attempt.name] = portal
        check_bound(group, self._exchange.limits)
        generation = self._exchange.names.portal_generation
        group.add(attempt.message, Bound(attempt.name, portal, generation))

    def _note_effects(self, text: str, statement: Statement | None, group: Group | None) -> None:
        """Remember what may mean something else once this has run."""
        # What is reused only reads, and moves neither names nor rules.
        if statement is None:
            return
        if may_change_names(statement):
            self._exchange.names_moved_on = True
        if self._exchange.reading.ran(statement):
            self._exchange.reuse.forget()
        self._exchange.names.ran(text, statement, group.overlay if group else Overlay())
        if group is not None and moves_rules(statement):
            group.rules_moved = True

    def let_through(
        self, attempt: Attempt, verdict: str, permitted: Permitted, now: datetime, steps: list[Step]
    ) -> None:
        """Record and send what runs. statement of the attempt: None if it moves nothing."""
        exchange = self._exchange
        text = attempt.prepared.text
        self._note_effects(text, attempt.statement, exchange.group)
        frame = StatementFrame(
            attempt.sequence,
            now,
            text,
            attempt.parameters,
            verdict,
            permitted.entry,
            permitted.request,
        )
        steps.append(Record(frame))
        running = Running(attempt.sequence, now, exchange.read_position, entry=permitted.entry)
        self._oblige(attempt, permitted, running)
        group = exchange.unit
        if not isinstance(group, Group):
            exchange.unit = Simple(running, watched=running.results is not None)
            steps.append(Send(Side.TARGET, attempt.message))
            return
        if running.results is not None:
            _watch(group, attempt.message, running.results)
        group.add(attempt.message, running)
        group.executed = True
        if attempt.prepared.may_copy_in:
            # The target reads a Sync that follows as part of the copy, if it takes the copy:
            # nothing more is sent before it has said so.
            group.add(FLUSH)
            group.copying_next = True
        group.release()

    # Refusing.

    def _refused(
        self, attempt: Attempt, refused: Refused, now: datetime, steps: list[Step]
    ) -> None:
        exchange = self._exchange
        if not attempt.runs:
            exchange.sequence = attempt.sequence
        frame = StatementFrame(
            attempt.sequence,
            now,
            attempt.prepared.text,
            attempt.parameters,
            "refuse",
            refused.entry,
            refused.request,
        )
        steps.append(Record(frame))
        group = exchange.unit
        if not (isinstance(group, Group) and group.discarding):
            self.refuse_with(refusals.refusal(refused), steps)

    def refuse_with(self, error: bytes, steps: list[Step]) -> None:
        """Make the client see `error`, and the target what it would see of an error of its own."""
        exchange = self._exchange
        group = exchange.group
        went_up = exchange.unfinished or (group is not None and group.went_up)
        at_rest = exchange.status == IDLE and not went_up
        if at_rest and group is None:
            exchange.tell_client(error + ready(IDLE), steps)
            return
        if at_rest and group is not None:
            group.drop()
            group.discarding = group.local = True
            exchange.tell_client(error, steps)
            return
        # A transaction must be left failed, and only the target can do that: it is given a
        # statement that cannot be parsed, and its error is replaced by ours.
        token = "assent_refused_" + hashlib.sha256(self._nonce().encode()).hexdigest()[:24]
        exchange.poison = Poison(token.encode(), error)
        if group is None:
            exchange.unit = Simple(None)
            steps.append(Send(Side.TARGET, query(token)))
            return
        group.drop()
        group.discarding = True
        group.add(parse(token, token))
        group.release()
        exchange.send_ready(steps)


def _watch(group: Group, execute: bytes, results: Results) -> None:
    """Have the group's results looked at; what the rows of this Execute are is asked before it.

    The client may have asked for descriptions itself, some of them unanswered. Closing a portal
    that is not there is always confirmed, and so tells them from the gateway's own.
    """
    group.watched = True
    if results.described:
        return
    group.add(close_portal(_NO_PORTAL), Marked())
    group.add(describe_portal(read_execute(execute[5:])), Described(results))
