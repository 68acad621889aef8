"""The PostgreSQL gateway: answers a relay's questions out of the control plane."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from assent.control.arriving import Arrival
from assent.control.live import LiveSession
from assent.control.opening import Candidate, Handles, Proof
from assent.control.sessions import Sessions
from assent.core.action import Action, Phase
from assent.core.evidence import Connection
from assent.core.faults import Fault
from assent.core.frame import Frame, ResultFrame, StatementFrame
from assent.core.impact import Impact, Waiter
from assent.core.plugins import (
    NO_WISHES,
    PROOF_REFUSED,
    Authorize,
    Cancel,
    Connect,
    Connected,
    Exceed,
    Held,
    Identify,
    Inquired,
    Overrun,
    Permitted,
    Question,
    Refresh,
    Refreshed,
    RefusalKind,
    Refused,
    Wishes,
)
from assent.core.ports import Recorder
from assent.gateway.catalogues import Catalogues
from assent.gateway.certificates import target_side
from assent.gateway.device_certificates import device_of
from assent.gateway.dial import cancel_at, dial
from assent.gateway.drive import Conversation
from assent.gateway.impact import Impacts
from assent.gateway.leases import Leases
from assent.gateway.read_only import only_read, write_again
from assent.protocols.postgres import PostgresRelay
from assent.protocols.postgres.catalogue.knowledge import Knowledge

_MOST_LIMITED = 1_000

_log = structlog.get_logger("gateway")


@dataclass(slots=True)
class _State:
    """What one conversation has come to. decided: by entry id, until its frame names it.

    limited: the actions whose results have a limit, by entry id. in_flight: their statements
    that are not done, by number; a decision may serve several of them. only_reads: the target was
    told that it may only read.
    """

    candidate: Candidate | None = None
    database: str = ""
    application: str = ""
    live: LiveSession | None = None
    draft: LiveSession | Arrival | None = None
    wishes: Wishes = NO_WISHES
    cut: bool = False
    decided: dict[str, tuple[Action, str]] = field(default_factory=dict)
    running: dict[int, tuple[Action, str]] = field(default_factory=dict)
    limited: dict[str, Action] = field(default_factory=dict)
    in_flight: dict[int, StatementFrame] = field(default_factory=dict)
    only_reads: bool = False

    def limit(self, entry: str, action: Action) -> None:
        """Remember whose result has a limit; what was permitted longest ago is forgotten."""
        self.limited[entry] = action
        if len(self.limited) > _MOST_LIMITED:
            del self.limited[next(iter(self.limited))]

    def exceeding(self, entry: str) -> Action | None:
        """Return what is done by the first statement in flight under this decision."""
        action = self.limited.get(entry)
        for number in sorted(self.in_flight):
            frame = self.in_flight[number]
            if action is not None and frame.entry == entry:
                return replace(action, text=frame.text, parameters=frame.parameters)
        return None


class PostgresAnswerer:
    """Answers Identify, Connect, Authorize and Cancel for PostgreSQL conversations."""

    def __init__(
        self,
        sessions: Sessions,
        recorder: Recorder,
        leases: Leases,
        catalogues: Catalogues,
        impacts: Impacts,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._sessions = sessions
        self._recorder = recorder
        self._leases = leases
        self._catalogues = catalogues
        self._impacts = impacts
        self._spawn = spawn
        self._states: dict[Conversation, _State] = {}

    def __len__(self) -> int:
        return len(self._states)

    def began(self, conversation: Conversation) -> None:
        """Count a conversation from its first moment on."""
        self._states[conversation] = _State()

    async def answer(self, conversation: Conversation, ticket: int, question: Question) -> None:
        """Answer `question` through `conversation.answered`."""
        if isinstance(question, Cancel):
            # Its conversation is over already: the client waits for nothing but the end.
            self._sessions.live.cancel(question.process_id, question.secret_key)
            return
        state = self._states.get(conversation)
        if state is None:
            return
        match question:
            case Identify():
                await self._identify(conversation, state, ticket, question)
            case Connect():
                await self._connect(conversation, state, ticket, question)
            case Authorize():
                await self._authorize(conversation, state, ticket, question)
            case Exceed():
                await self._exceed(conversation, state, ticket, question)
            case Overrun():
                if state.live is not None:
                    state.live.cancel_at_target()
            case Refresh():
                await self._refresh(conversation, state, ticket)
            case Inquired():
                self._impacts.answered(question)

    @property
    def behind(self) -> bool:
        """Whether what is recorded is behind."""
        return self._recorder.behind

    async def ready(self) -> None:
        """Wait until it is not behind. Raises OutsideFault when that takes too long."""
        await self._recorder.ready()

    def record(self, conversation: Conversation, frame: Frame) -> None:
        """Write the frame, and follow which action its statement and its result belong to."""
        state = self._states[conversation]
        if state.live is None:
            return
        self._recorder.record(state.live.session.id, frame)
        for saw in state.live.watchers:
            saw()
        result = frame if type(frame) is ResultFrame else None
        if result is not None:
            self._sessions.results.ran(state.live, result)
        if state.limited:
            if type(frame) is StatementFrame and frame.entry in state.limited:
                if frame.verdict != "refuse":
                    state.in_flight[frame.sequence] = frame
            elif result is not None:
                state.in_flight.pop(result.sequence, None)
        if state.decided and type(frame) is StatementFrame:
            decided = state.decided.pop(frame.entry, None)
            if decided is not None and frame.verdict == "permit":
                state.running[frame.sequence] = decided
            elif decided is not None:
                self._sessions.results.not_sent(decided[0])
        elif state.running and result is not None:
            running = state.running.pop(result.sequence, None)
            if running is not None:
                self._spawn(self._finish(state.live, *running, result))

    def ended(self, conversation: Conversation, reason: str) -> None:
        """Count the session as ended."""
        state = self._states.pop(conversation, None)
        if state is None:
            return
        if reason == PROOF_REFUSED:
            self._sessions.opening.refused(state.candidate, conversation.peer)
        if state.draft is not None:
            state.draft.gone = True
            state.draft.nudged.set()
        if state.live is not None:
            self._spawn(self._end(state, state.live, reason))

    async def _identify(
        self, conversation: Conversation, state: _State, ticket: int, question: Identify
    ) -> None:
        target, _, state.database = question.database.partition("/")
        state.application, state.wishes = question.application, question.wishes
        state.candidate, identified = await self._sessions.opening.identify(question.user, target)
        conversation.answered(ticket, identified)

    async def _connect(
        self, conversation: Conversation, state: _State, ticket: int, question: Connect
    ) -> None:
        candidate = state.candidate
        if candidate is None:
            raise RuntimeError("a proof was accepted for nobody")
        if candidate.target.protocol != "postgres":
            words = f"target `{candidate.target.name}` speaks {candidate.target.protocol} and is "
            hint = "see `assent targets`"
            refused = Refused(RefusalKind.DENIED, f"{words}not reached by this door", "", hint)
            conversation.answered(ticket, refused)
            return

        def drafted(live: LiveSession | Arrival) -> None:
            state.draft = live

        def cut(message: str) -> None:
            if not conversation.closed:
                state.cut = True
                # A target that runs something does not look whether anybody still listens; one
                # that waits does, and hundreds of connections to cancel nothing take their time.
                if not _rests(conversation):
                    cancel_at_target()
                conversation.cut(message)

        def cancel_at_target() -> None:
            self._spawn(self._cancel(conversation, candidate))

        opened = await self._sessions.opening.open(
            candidate,
            Proof(candidate.credentials[question.credential]),
            state.database,
            Connection(conversation.peer, state.application),
            Handles(
                drafted,
                cut,
                cancel_at_target,
                lambda question: self._measure(conversation, state, question),
                lambda: self._waiters(conversation, state),
                conversation.say,
                device_of(conversation.client_certificate()),
            ),
            lambda held: conversation.answered(ticket, held),
            state.wishes,
        )
        if isinstance(opened, Refused):
            conversation.answered(ticket, opened)
            return
        if conversation.closed:
            await self._end(state, opened, "the client hung up")
            return
        state.live, state.only_reads = opened, opened.only_reads
        conversation.when_gone = lambda: self._sessions.revocations.closed(opened)
        await self._dial(conversation, opened, ticket)

    async def _dial(self, conversation: Conversation, live: LiveSession, ticket: int) -> None:
        target = live.target
        try:
            knowledge = await self._known(live)
            lease = await self._leases.take(live)
            if conversation.closed:
                # Its end has been and gone, when there was nothing yet to give back.
                await self._leases.give_back(live.session.id)
                return
            if target.tls != "disable":
                conversation.target_tls = (target_side(target), target.host)
            await dial(target, lambda: conversation.target)
        except Fault as fault:
            _log.error("target-away", target=target.name, code=fault.code, detail=fault.detail)
            words = f"target `{target.name}` cannot be reached now"
            hint = "tell the operator; your access itself is unchanged"
            refused = Refused(RefusalKind.UNAVAILABLE, words, fault.code, hint)
            conversation.answered(ticket, refused)
            return
        conversation.answered(
            ticket,
            Connected(
                user=lease.user,
                password=lease.password,
                database=live.session.database,
                tls=target.tls,
                search_path=target.search_path,
                process_id=live.process_id,
                secret_key=live.secret_key,
                epoch=live.epoch,
                settings={**lease.settings, **live.settings},
                knowledge=knowledge,
            ),
        )

    async def _known(self, live: LiveSession) -> Knowledge | None:
        """Return what is known of names, up to date; None where the operator wants none."""
        target, database = live.target, live.session.database
        if target.without_catalogue:
            return None
        try:
            return await self._catalogues.ensure(target, database)
        except Fault as fault:
            # A target that is away says so itself, and better. If the session can be opened all
            # the same, nothing is understood in it before names can be looked up.
            _log.warning("names-unknown", target=target.name, code=fault.code)
            return self._catalogues.knowledge(target, database)

    async def _refresh(self, conversation: Conversation, state: _State, ticket: int) -> None:
        if state.live is None:
            raise RuntimeError("names were asked for without a session")
        await self._catalogues.look_again(state.live.target, state.live.session.database)
        conversation.answered(ticket, Refreshed())

    async def _measure(
        self, conversation: Conversation, state: _State, question: Authorize
    ) -> Impact | None:
        live = state.live
        if live is None:
            return None
        database = live.session.database
        catalogue = None
        if not live.target.without_catalogue:
            catalogue = self._catalogues.knowledge(live.target, database).catalogue
        return await self._impacts.measure(conversation, live.target, database, catalogue, question)

    async def _waiters(self, conversation: Conversation, state: _State) -> tuple[Waiter, ...]:
        live = state.live
        if live is None:
            return ()
        return await self._impacts.waiters(conversation, live.target, live.session.database)

    async def _authorize(
        self, conversation: Conversation, state: _State, ticket: int, question: Authorize
    ) -> None:
        if state.live is None:
            raise RuntimeError("a statement was asked about without a session")

        def tell(held: Held) -> None:
            conversation.answered(ticket, held)

        answer, action = await self._sessions.attempts.authorize(state.live, question, tell)
        if state.live.only_reads is not state.only_reads:
            await self._switch(conversation, state, state.live)
        if isinstance(answer, Permitted) and action.phase is Phase.EXECUTE:
            if conversation.closed:
                await self._sessions.results.abandon(
                    state.live, action, answer.request, released=False
                )
                return
            state.decided[answer.entry] = (action, answer.request)
            if answer.enforcement is not None and answer.enforcement.limits:
                state.limit(answer.entry, action)
        conversation.answered(ticket, answer)

    async def _switch(self, conversation: Conversation, state: _State, live: LiveSession) -> None:
        """Have the target let the session write or not, as it may by now."""
        inquiries = self._impacts.inquiries
        if not state.only_reads:
            state.only_reads = await only_read(conversation, inquiries)
        elif "default_transaction_read_only" not in live.settings:
            state.only_reads = not await write_again(conversation, inquiries)

    async def _exceed(
        self, conversation: Conversation, state: _State, ticket: int, question: Exceed
    ) -> None:
        action = state.exceeding(question.entry)
        if state.live is None or action is None:
            words = "the limit of this result is reached, and whose it is is not known any more"
            hint = "send the statement again, or ask for fewer rows"
            conversation.answered(ticket, Refused(RefusalKind.DENIED, words, "", hint))
            return

        def tell(held: Held) -> None:
            conversation.answered(ticket, held)

        answer = await self._sessions.attempts.exceed(state.live, question, action, tell)
        conversation.answered(ticket, answer)

    async def _finish(
        self, live: LiveSession, action: Action, request: str, frame: ResultFrame
    ) -> None:
        await self._logged(live, self._sessions.results.finish(live, action, request, frame))

    async def _end(self, state: _State, live: LiveSession, reason: str) -> None:
        for action, request in state.running.values():
            await self._logged(
                live, self._sessions.results.abandon(live, action, request, released=True)
            )
        for action, request in state.decided.values():
            await self._logged(
                live, self._sessions.results.abandon(live, action, request, released=False)
            )
        await self._logged(live, self._sessions.ending.end(live, reason, cut=state.cut))
        await self._leases.give_back(live.session.id)

    async def _logged(self, live: LiveSession, work: Coroutine[Any, Any, None]) -> None:
        """Do `work`; what the log could not take must not keep the rest from happening."""
        try:
            await work
        except Fault as fault:
            # The attempt stays dangling in the log, and its verification says so.
            _log.error("not-logged", session=live.session.id, code=fault.code)

    async def _cancel(self, conversation: Conversation, candidate: Candidate) -> None:
        relay = conversation.relay
        key = relay.target_key if isinstance(relay, PostgresRelay) else None
        if key is not None:
            try:
                await cancel_at(candidate.target, *key)
            except Fault as fault:
                _log.warning("cancel-failed", target=candidate.target.name, code=fault.code)


def _rests(conversation: Conversation) -> bool:
    """Return whether the target surely does nothing for this session now."""
    relay = conversation.relay
    return isinstance(relay, PostgresRelay) and relay.target_at_rest
