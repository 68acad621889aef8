"""The PostgreSQL gateway's answers: which frame belongs to which decision, and clean ends."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from assent.control.personal_credentials import PersonalCredentials
from assent.core.faults import OutsideFault
from assent.core.frame import ResultFrame, StatementFrame
from assent.core.impact import Waiter
from assent.core.lease import Lease
from assent.core.plugins import (
    Answer,
    Cancel,
    Connect,
    Connected,
    Exceed,
    Held,
    Identified,
    Identify,
    Overrun,
    Permitted,
    RefusalKind,
    Refused,
    Wishes,
)
from assent.core.ports import Store
from assent.core.request import RequestState, Verdict
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session, SessionState
from assent.gateway import postgres
from assent.gateway.catalogues import Catalogues
from assent.gateway.drive import Conversation
from assent.gateway.impact import Impacts
from assent.gateway.leases import Leases
from assent.gateway.postgres import PostgresAnswerer
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.statements import Classifier
from builders import (
    BEN,
    DELETE_ALL,
    NOON,
    POLICIES,
    READ,
    TIM,
    World,
    a_caller,
    a_world,
    asking_to,
    policies,
    until,
)


class Broker:
    """Has an account on every target, unless it is away."""

    away = False

    def __init__(self) -> None:
        self.released: list[str] = []
        self.asked = 0
        self.gate: asyncio.Event | None = None

    def needs_privileges(self, target: Target) -> bool:
        return False

    async def lease(self, target: Target, session: Session, privileges: object) -> Lease:
        if self.away:
            raise OutsideFault("vault-away", "the vault is away")
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        return Lease("leased", Secret("target-password"), {"jit": "off"}, handle=session.id)

    async def release(self, target: Target, lease: Lease) -> None:
        self.released.append(lease.handle)

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        return []

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        return target.user, Secret("target-password")


class Names:
    """What is known of every target's names: nothing, and that suffices."""

    def __init__(self) -> None:
        self.known = Knowledge(lambda path, _: Classifier(path), required=False)

    async def ensure(self, target: Target, database: str) -> Knowledge:
        return self.known

    def knowledge(self, target: Target, database: str) -> Knowledge:
        return self.known


async def nobody_waits(target: Target, database: str, process_id: int) -> tuple[Waiter, ...]:
    return ()


class Line:
    """A conversation that keeps what it is answered."""

    def __init__(self) -> None:
        self.closed = False
        self.peer = "10.0.0.1"
        self.target_tls: object = None
        self.target: object = None
        self.relay: object = None
        self.answers: list[Answer] = []
        self.cuts: list[str] = []
        self.said: list[tuple[str, ...]] = []

    def client_certificate(self) -> bytes | None:
        return None

    def answered(self, ticket: int, answer: Answer) -> None:
        if not self.closed:
            self.answers.append(answer)

    def cut(self, message: str) -> None:
        self.cuts.append(message)

    def say(self, lines: Sequence[str]) -> None:
        self.said.append(tuple(lines))


class Desk:
    """A gateway of one line, on a real control plane, with a target that is always there."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.broker = Broker()
        self.line = Line()
        self.tasks: list[asyncio.Task[None]] = []
        self.dialled = 0
        self.answerer = PostgresAnswerer(
            world.sessions,
            world.recorder,  # type: ignore[arg-type]
            Leases(self.broker),
            cast(Catalogues, Names()),
            Impacts(nobody_waits),
            self._spawn,
        )

        async def dial(target: Target, protocol: object) -> None:
            self.dialled += 1

        monkeypatch.setattr(postgres, "dial", dial)
        self.answerer.began(self.conversation)

    @property
    def conversation(self) -> Conversation:
        return cast(Conversation, self.line)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    async def ask(self, question: Any) -> Answer:
        await self.answerer.answer(self.conversation, 1, question)
        return self.line.answers[-1]

    async def connected(self) -> Connected:
        await self.world.opened()
        assert isinstance(await self.ask(Identify("ana", "shop", "psql")), Identified)
        answer = await self.ask(Connect(0))
        assert isinstance(answer, Connected), answer
        return answer

    def frame(self, answer: Permitted, sequence: int = 1, verdict: str = "permit") -> None:
        self.answerer.record(
            self.conversation,
            StatementFrame(sequence, NOON, "text", (), verdict, answer.entry, answer.request),
        )

    def result(self, sequence: int = 1) -> None:
        self.answerer.record(self.conversation, ResultFrame(sequence, NOON, 10, 1, 1))

    async def end(self) -> None:
        self.line.closed = True
        self.answerer.ended(self.conversation, "the client hung up")
        await self.settle()

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks)


@pytest_asyncio.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A line that nobody has spoken on yet."""
    async with a_world(tmp_path) as world:
        yield Desk(world, monkeypatch)


async def test_a_proved_client_gets_the_targets_identity_and_never_its_own(desk: Desk) -> None:
    connected = await desk.connected()
    assert (connected.user, connected.database) == ("leased", "shop")
    assert connected.settings["jit"] == "off"
    assert connected.password.reveal() == "target-password"
    assert "target-password" not in repr(connected)
    assert repr(connected.secret_key) not in repr(connected)


async def test_what_a_session_is_told_reaches_its_line(desk: Desk) -> None:
    await desk.connected()
    next(iter(desk.world.live)).say(("your access ends in 5 min",))
    assert desk.line.said == [("your access ends in 5 min",)]


async def test_a_client_without_access_asks_with_its_wishes_and_withdraws_by_hanging_up(
    desk: Desk,
) -> None:
    world = desk.world
    credentials = PersonalCredentials(
        store=cast(Store, world.store),
        directory=world.directory,
        verifiers=world.verifiers,
        clock=world.clock,
        ids=world.ids,
    )
    await credentials.mint(a_caller(TIM), "shop", None, 5)
    await desk.ask(Identify("tim", "shop", "psql", Wishes("deploy", "OPS-7", 60)))
    connecting = asyncio.ensure_future(desk.ask(Connect(0)))
    await until(lambda: isinstance(desk.line.answers[-1], Held))
    held = desk.line.answers[-1]
    assert isinstance(held, Held)
    asked = await world.stored(held.request)
    assert (asked.reason, asked.ticket) == ("deploy", "OPS-7")
    await desk.end()
    await connecting
    assert (await world.stored(held.request)).state is RequestState.WITHDRAWN
    assert desk.dialled == 0


async def test_what_a_session_was_lent_is_given_back_at_its_end(desk: Desk) -> None:
    await desk.connected()
    live = next(iter(desk.world.live))
    assert desk.broker.released == []
    await desk.end()
    assert desk.broker.released == [live.session.id]


async def test_what_is_lent_to_somebody_who_has_hung_up_is_given_back_at_once(desk: Desk) -> None:
    await desk.world.opened()
    await desk.ask(Identify("ana", "shop", "psql"))
    desk.broker.gate = asyncio.Event()
    asking = asyncio.create_task(desk.ask(Connect(0)))
    await until(lambda: desk.broker.asked == 1)
    await desk.end()
    assert desk.broker.released == []
    desk.broker.gate.set()
    await asking
    assert len(desk.broker.released) == 1
    assert desk.dialled == 0


async def test_a_database_after_the_targets_name_is_the_targets_own(desk: Desk) -> None:
    await desk.world.opened()
    await desk.ask(Identify("ana", "shop/archive", "psql"))
    connected = await desk.ask(Connect(0))
    assert isinstance(connected, Connected)
    assert connected.database == "archive"


async def test_a_target_that_cannot_be_reached_is_a_refusal_without_its_secrets(
    desk: Desk,
) -> None:
    desk.broker.away = True
    await desk.world.opened()
    await desk.ask(Identify("ana", "shop", "psql"))
    answer = await desk.ask(Connect(0))
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.UNAVAILABLE
    await desk.end()
    assert len(desk.world.live) == 0


async def test_a_single_decision_has_its_outcome_in_the_log(desk: Desk) -> None:
    await desk.connected()
    answer = await desk.ask(asking_to("sql.update"))
    assert isinstance(answer, Permitted)
    desk.frame(answer)
    desk.result()
    await desk.settle()
    assert desk.world.journal[-3:] == ["attempt", "decision", "result"]


async def test_a_frame_that_reuses_a_decision_is_no_outcome_of_it(desk: Desk) -> None:
    await desk.connected()
    answer = await desk.ask(asking_to("sql.update"))
    assert isinstance(answer, Permitted)
    desk.frame(answer, 1)
    desk.frame(answer, 2, "reuse")
    desk.result(2)
    desk.result(1)
    desk.result(1)
    await desk.settle()
    assert desk.world.journal.count("result") == 2  # Of the opening, and of the update.


async def test_what_ran_when_the_line_broke_has_an_unknown_outcome(desk: Desk) -> None:
    await desk.connected()
    ran = await desk.ask(asking_to("sql.update"))
    assert isinstance(ran, Permitted)
    desk.frame(ran)
    waiting = await desk.ask(asking_to("sql.insert"))
    assert isinstance(waiting, Permitted)
    await desk.end()
    log = await desk.world.log()
    assert log.count('"outcome":"unknown"') == 1
    assert log.count('"outcome":"not-run"') == 1
    assert desk.world.journal[-1] == "session.ended"
    assert len(desk.answerer) == 0


async def test_one_outcome_that_cannot_be_logged_does_not_keep_the_session_open(
    desk: Desk,
) -> None:
    await desk.connected()
    ran = await desk.ask(asking_to("sql.update"))
    assert isinstance(ran, Permitted)
    desk.frame(ran)
    desk.world.store.refused_kinds = {"result"}
    await desk.end()
    assert len(desk.world.live) == 0
    assert desk.world.journal[-1] == "session.ended"


async def test_an_action_let_go_after_the_line_broke_visibly_did_not_run(desk: Desk) -> None:
    await desk.connected()
    asking = asyncio.create_task(desk.ask(DELETE_ALL))
    await until(lambda: isinstance(desk.line.answers[-1], Held))
    request = cast(Held, desk.line.answers[-1]).request
    desk.world.store.gated_kinds = {"decision"}
    approval = a_caller(BEN)
    await desk.world.requests.answer(approval, request, Verdict.APPROVE, "")  # type: ignore[arg-type]
    await until(lambda: desk.world.store.waiting == 1)
    desk.line.closed = True
    desk.answerer.ended(desk.conversation, "the client hung up")
    desk.world.store.gate.set()
    await asking
    await desk.settle()
    settled = await desk.world.stored(request)
    assert settled.state in {RequestState.OUTCOME_UNKNOWN, RequestState.WITHDRAWN}
    assert isinstance(desk.line.answers[-1], Held)
    assert '"outcome":"done"' not in (await desk.world.log()).split("request.opened")[-1]


async def test_a_session_that_is_cut_is_kept_as_cut(desk: Desk) -> None:
    await desk.connected()
    live = next(iter(desk.world.live))
    live.cut("your time is over")
    assert desk.line.cuts == ["your time is over"]
    await desk.end()
    stored = await desk.world.store.session(live.session.id)
    assert stored is not None
    assert stored.state is SessionState.CUT


async def test_a_cancel_on_a_line_of_its_own_reaches_what_is_held(desk: Desk) -> None:
    connected = await desk.connected()
    asking = asyncio.create_task(desk.ask(DELETE_ALL))
    await until(lambda: isinstance(desk.line.answers[-1], Held))
    other = cast(Conversation, Line())
    await desk.answerer.answer(other, 1, Cancel(connected.process_id, connected.secret_key))
    answer = await asking
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.WITHDRAWN


async def test_without_a_session_nothing_is_recorded_or_decided(desk: Desk) -> None:
    desk.frame(Permitted("ent_1"))
    with pytest.raises(RuntimeError):
        await desk.ask(asking_to("sql.read"))
    with pytest.raises(RuntimeError):
        await desk.ask(Connect(0))
    assert desk.world.recorder.kept == {}


LIMITED = """
@id("limited") @max_rows("5") @more("approve: 1 of dba")
permit (principal, action == Action::"sql.read", resource);
"""


async def limited(desk: Desk) -> Permitted:
    """Return the permit of a read whose result has a limit."""
    desk.world.decider._honours |= {"max_rows", "more"}
    desk.world.policies.replace(policies(POLICIES, LIMITED))
    await desk.connected()
    answer = await desk.ask(READ)
    assert isinstance(answer, Permitted)
    return answer


def texted(desk: Desk, answer: Permitted, sequence: int, text: str, verdict: str) -> None:
    frame = StatementFrame(sequence, NOON, text, (), verdict, answer.entry, "")
    desk.answerer.record(desk.conversation, frame)


async def test_people_are_asked_about_the_statement_whose_result_is_at_its_limit(
    desk: Desk,
) -> None:
    answer = await limited(desk)
    texted(desk, answer, 1, "select 1", "permit")
    texted(desk, answer, 2, "select 2", "reuse")
    texted(desk, answer, 3, "select 3", "reuse")
    desk.result(1)
    asking = asyncio.create_task(desk.ask(Exceed(answer.entry, "max_rows", 5, 5, 99)))
    await until(lambda: isinstance(desk.line.answers[-1], Held))
    held = cast(Held, desk.line.answers[-1])
    request = await desk.world.stored(held.request)
    assert request.action.text == "select 2"
    assert request.action.details["passed_rows"] == "5"
    await desk.world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert isinstance(await asking, Permitted)
    await desk.settle()


async def test_a_limit_of_a_result_that_nobody_knows_lets_no_more_through(desk: Desk) -> None:
    answer = await limited(desk)
    for entry in (answer.entry, "ent_unknown"):
        refused = await desk.ask(Exceed(entry, "max_rows", 5, 5, 99))
        assert isinstance(refused, Refused)
        assert "whose it is is not known" in refused.message


async def test_what_runs_for_too_long_is_cancelled_at_the_target(desk: Desk) -> None:
    answer = await limited(desk)
    cancelled: list[str] = []
    (live,) = desk.world.live
    live.cancel_at_target = lambda: cancelled.append("cancelled")
    before = len(desk.line.answers)
    await desk.answerer.answer(desk.conversation, 2, Overrun(answer.entry))
    assert cancelled == ["cancelled"]
    assert len(desk.line.answers) == before


async def test_the_target_is_told_what_the_opening_obliges_to(desk: Desk) -> None:
    desk.world.decider._honours |= {"read_only"}
    reading = '@id("r") @read_only permit (principal, action == Action::"session.open", resource);'
    desk.world.policies.replace(policies(POLICIES, reading))
    connected = await desk.connected()
    assert connected.settings["default_transaction_read_only"] == "on"
