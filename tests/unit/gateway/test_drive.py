"""The loop around a relay: order, deadlines, pace and ends, without a socket."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from assent.core.action import Phase, Statement
from assent.core.faults import OutsideFault
from assent.core.frame import Frame, MarkFrame
from assent.core.plugins import (
    Answer,
    Ask,
    Authorize,
    Cancel,
    Close,
    Permitted,
    Question,
    Record,
    RefusalKind,
    Refused,
    Relay,
    Send,
    Side,
    StartTls,
    Step,
)
from assent.gateway import drive
from assent.gateway.drive import Conversation
from builders import NOON, FixedClock, until

MARK = MarkFrame(1, NOON, "held")
ASK = Ask(7, Cancel(1, b"key!"))


class Pipe:
    """A transport that keeps what was written and what was asked of it."""

    def __init__(self, journal: list[str], name: str) -> None:
        self.journal = journal
        self.name = name
        self.reading = True
        self.closing = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.journal.append(f"{self.name} {data.decode()}")

    def get_extra_info(self, what: str) -> object:
        return ("10.0.0.1", 4711) if what == "peername" else None

    def is_closing(self) -> bool:
        return self.closing

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.closing = True
        self.journal.append(f"{self.name} closed")

    def abort(self) -> None:
        self.closing = self.aborted = True


@dataclass
class ScriptedRelay:
    """Does what the script says for each thing that happens to it."""

    script: dict[str, Sequence[Step]] = field(default_factory=dict)
    heard: list[object] = field(default_factory=list)
    wake_at: datetime | None = None
    buffered_bytes: int = 0
    target_waits: bool = False

    def _happen(self, what: str, *about: object) -> Sequence[Step]:
        self.heard.append((what, *about))
        return self.script.get(what, ())

    def feed(self, side: Side, data: bytes, now: datetime) -> Sequence[Step]:
        return self._happen("feed", side, data)

    def answer(self, ticket: int, answer: Answer, now: datetime) -> Sequence[Step]:
        return self._happen("answer", ticket, answer)

    def wake(self, now: datetime) -> Sequence[Step]:
        self.wake_at = None
        return self._happen("wake")

    def hang_up(self, side: Side, now: datetime) -> Sequence[Step]:
        return self._happen("hang_up", side)

    def tls_started(self, side: Side, now: datetime) -> Sequence[Step]:
        return self._happen("tls_started", side)

    def cut(self, message: str, now: datetime) -> Sequence[Step]:
        return self._happen("cut", message)

    def say(self, lines: Sequence[str], now: datetime) -> Sequence[Step]:
        return self._happen("say", *lines)


class Desk:
    """Answers questions as told, and writes down frames and the end."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.full = False
        self.behind = False
        self.too_long = False
        self.caught_up = asyncio.Event()
        self.ends: list[str] = []
        self.reply: Callable[[Conversation, int], object] = lambda conversation, ticket: None

    async def ready(self) -> None:
        await self.caught_up.wait()
        if self.too_long:
            raise OutsideFault("recording-unavailable", "the disk has fallen behind")

    async def answer(self, conversation: Conversation, ticket: int, question: Question) -> None:
        self.reply(conversation, ticket)

    def record(self, conversation: Conversation, frame: Frame) -> None:
        if self.full:
            raise OutsideFault("recording-full", "the disk is full")
        self.journal.append(f"record {cast(MarkFrame, frame).event}")

    def ended(self, conversation: Conversation, reason: str) -> None:
        self.ends.append(reason)


@dataclass
class Stage:
    """A conversation between two pipes."""

    relay: ScriptedRelay
    desk: Desk
    journal: list[str]
    clock: FixedClock
    conversation: Conversation
    client: Pipe
    target: Pipe
    tasks: list["asyncio.Task[None]"]

    @property
    def told(self) -> list[object]:
        return self.relay.heard


def a_stage(tls: ssl.SSLContext | None = None, **script: Sequence[Step]) -> Stage:
    journal: list[str] = []
    tasks: list[asyncio.Task[None]] = []
    relay, desk, clock = ScriptedRelay(dict(script)), Desk(journal), FixedClock()

    def spawn(work: Coroutine[Any, Any, None]) -> object:
        tasks.append(asyncio.get_running_loop().create_task(work))
        return tasks[-1]

    conversation = Conversation(cast(Relay, relay), desk, clock, spawn, tls)
    client, target = Pipe(journal, "client"), Pipe(journal, "target")
    conversation.client.connection_made(cast(asyncio.BaseTransport, client))
    conversation.target.connection_made(cast(asyncio.BaseTransport, target))
    return Stage(relay, desk, journal, clock, conversation, client, target, tasks)


async def test_steps_are_performed_in_their_order() -> None:
    stage = a_stage(
        feed=(
            Send(Side.TARGET, b"one"),
            Record(MARK),
            Send(Side.CLIENT, b"two"),
            Close("done"),
            Send(Side.TARGET, b"never"),
        )
    )
    stage.conversation.client.data_received(b"x")
    assert stage.journal == [
        "target one",
        "record held",
        "client two",
        "target closed",
        "client closed",
    ]
    assert stage.desk.ends == ["done"]


async def test_what_is_said_meanwhile_never_comes_between_other_steps() -> None:
    stage = a_stage(
        feed=(Record(MARK), Send(Side.CLIENT, b"one answer")), say=(Send(Side.CLIENT, b"said"),)
    )
    record = stage.desk.record

    def spoken(conversation: Conversation, frame: Frame) -> None:
        record(conversation, frame)
        conversation.say(["your access ends soon"])

    stage.desk.record = spoken  # type: ignore[method-assign]
    stage.conversation.client.data_received(b"x")
    await until(lambda: len(stage.journal) == 3)
    assert stage.journal == ["record held", "client one answer", "client said"]
    assert stage.told[-1] == ("say", "your access ends soon")


async def test_nothing_is_said_after_the_end() -> None:
    stage = a_stage(say=(Send(Side.CLIENT, b"said"),))
    stage.conversation.say(["too late"])
    stage.conversation.close("over")
    await asyncio.sleep(0)
    assert "client said" not in stage.journal


async def test_what_cannot_be_recorded_is_not_sent() -> None:
    stage = a_stage(
        feed=(Record(MARK), Send(Side.TARGET, b"statement")),
        cut=(Record(MARK), Send(Side.CLIENT, b"sorry"), Close("cut")),
    )
    stage.desk.full = True
    stage.conversation.client.data_received(b"x")
    assert stage.journal == ["client sorry", "target closed", "client closed"]
    assert stage.conversation.closed
    assert stage.desk.ends == ["the recording cannot be kept"]


async def test_while_the_recording_is_behind_nothing_goes_on_and_nothing_is_lost() -> None:
    stage = a_stage(feed=(Send(Side.TARGET, b"on"),))
    stage.desk.behind = True
    stage.conversation.client.data_received(b"one")
    stage.conversation.target.data_received(b"two")
    stage.conversation.client.data_received(b"three")
    await asyncio.sleep(0)
    assert stage.journal == []
    assert not stage.client.reading
    assert not stage.target.reading
    stage.desk.behind = False
    stage.desk.caught_up.set()
    await asyncio.gather(*stage.tasks)
    assert stage.told == [
        ("feed", Side.CLIENT, b"one"),
        ("feed", Side.TARGET, b"two"),
        ("feed", Side.CLIENT, b"three"),
    ]
    assert stage.client.reading
    assert stage.target.reading


async def test_what_falls_behind_again_waits_again_in_its_order() -> None:
    stage = a_stage()
    stage.desk.behind = True
    for data in (b"one", b"two", b"three"):
        stage.conversation.client.data_received(data)

    def feed(side: Side, data: bytes, now: datetime) -> Sequence[Step]:
        stage.relay.heard.append(data)
        stage.desk.behind = data == b"one"
        return ()

    stage.relay.feed = feed  # type: ignore[method-assign]
    stage.desk.behind = False
    stage.desk.caught_up.set()
    await asyncio.gather(*stage.tasks)
    assert stage.told == [b"one"]
    stage.desk.behind = False
    await asyncio.gather(*stage.tasks)
    assert stage.told == [b"one", b"two", b"three"]


async def test_a_recording_that_stays_behind_ends_it_with_words() -> None:
    stage = a_stage(cut=(Record(MARK), Send(Side.CLIENT, b"sorry"), Close("cut")))
    stage.desk.behind = stage.desk.too_long = True
    stage.conversation.client.data_received(b"one")
    stage.desk.caught_up.set()
    await asyncio.gather(*stage.tasks)
    assert stage.told == [("cut", stage.desk.ends[0])]
    assert stage.journal == ["client sorry", "target closed", "client closed"]
    assert "has not kept up for too long" in stage.desk.ends[0]


async def test_a_target_that_hangs_up_meanwhile_is_heard_after_what_it_said() -> None:
    stage = a_stage()
    stage.desk.behind = True
    stage.conversation.target.data_received(b"last words")
    stage.conversation.target.connection_lost(None)
    stage.desk.behind = False
    stage.desk.caught_up.set()
    await asyncio.gather(*stage.tasks)
    assert stage.told == [("feed", Side.TARGET, b"last words"), ("hang_up", Side.TARGET)]


async def test_a_client_that_hangs_up_meanwhile_has_nothing_more_done() -> None:
    stage = a_stage()
    stage.desk.behind = True
    stage.conversation.client.data_received(b"drop it")
    stage.conversation.client.connection_lost(None)
    stage.desk.caught_up.set()
    await asyncio.gather(*stage.tasks)
    assert stage.told == [("hang_up", Side.CLIENT)]


async def test_a_decision_is_not_released_while_the_recording_is_behind() -> None:
    question = Authorize(
        Statement("sql.read", (), complete=True), "select 1", (), Phase.EXECUTE, False
    )
    stage = a_stage(feed=(Ask(7, question),))
    stage.desk.reply = lambda conversation, ticket: stage.journal.append("asked")
    stage.conversation.client.data_received(b"x")
    stage.desk.behind = True
    await asyncio.sleep(0)
    assert stage.journal == []
    stage.desk.caught_up.set()
    await asyncio.gather(*stage.tasks)
    assert stage.journal == ["asked"]


async def test_after_its_end_a_conversation_hears_and_does_nothing() -> None:
    stage = a_stage(feed=(Send(Side.TARGET, b"x"),))
    stage.conversation.close("over")
    heard, journal = list(stage.told), list(stage.journal)
    stage.conversation.client.data_received(b"x")
    stage.conversation.answered(1, Permitted("ent_1"))
    stage.conversation.cut("again")
    stage.conversation.close("again")
    stage.conversation.lost(Side.TARGET)
    assert (stage.told, stage.journal) == (heard, journal)
    assert stage.desk.ends == ["over"]


async def test_a_question_is_answered_by_its_ticket() -> None:
    stage = a_stage(feed=(ASK,), answer=(Send(Side.TARGET, b"go"),))
    permitted = Permitted("ent_1")
    stage.desk.reply = lambda conversation, ticket: conversation.answered(ticket, permitted)
    stage.conversation.client.data_received(b"x")
    await asyncio.gather(*stage.tasks)
    assert stage.told[-1] == ("answer", 7, permitted)
    assert stage.journal == ["target go"]


@pytest.mark.parametrize("fault", [OutsideFault("away", "it is away"), ZeroDivisionError()])
async def test_a_question_that_breaks_is_refused(fault: Exception) -> None:
    def break_down(conversation: Conversation, ticket: int) -> None:
        raise fault

    stage = a_stage(feed=(ASK,))
    stage.desk.reply = break_down
    stage.conversation.client.data_received(b"x")
    await asyncio.gather(*stage.tasks)
    _, ticket, answer = cast(tuple[str, int, Refused], stage.told[-1])
    assert ticket == 7
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert "is away" not in repr(answer)


async def test_a_side_that_cannot_be_written_to_pauses_the_other() -> None:
    stage = a_stage()
    stage.conversation.client.pause_writing()
    assert (stage.client.reading, stage.target.reading) == (True, False)
    stage.conversation.client.resume_writing()
    stage.conversation.target.pause_writing()
    assert (stage.client.reading, stage.target.reading) == (False, True)
    stage.conversation.target.resume_writing()
    assert (stage.client.reading, stage.target.reading) == (True, True)


async def test_a_full_relay_stops_reading_the_client_until_it_has_room() -> None:
    stage = a_stage()
    stage.relay.buffered_bytes = drive._HIGH_WATER + 1
    stage.conversation.client.data_received(b"x")
    assert (stage.client.reading, stage.target.reading) == (False, True)
    stage.relay.buffered_bytes = drive._LOW_WATER
    stage.conversation.answered(1, Permitted("ent_1"))
    assert not stage.client.reading
    stage.relay.buffered_bytes = drive._LOW_WATER - 1
    stage.conversation.answered(1, Permitted("ent_1"))
    assert stage.client.reading


async def test_a_full_relay_is_not_read_on_because_the_target_can_be_written_to() -> None:
    stage = a_stage()
    stage.relay.buffered_bytes = drive._HIGH_WATER + 1
    stage.conversation.client.data_received(b"x")
    stage.conversation.target.pause_writing()
    stage.conversation.target.resume_writing()
    assert not stage.client.reading


async def test_a_deadline_wakes_the_relay_and_a_new_one_replaces_it() -> None:
    stage = a_stage(wake=(Send(Side.CLIENT, b"late"),))
    stage.relay.wake_at = stage.clock.now() + timedelta(hours=1)
    stage.conversation.client.data_received(b"x")
    first = stage.conversation._timer
    assert first is not None
    stage.relay.wake_at = stage.clock.now()
    stage.conversation.client.data_received(b"x")
    assert first.cancelled()
    await until(lambda: stage.journal == ["client late"], turns=100_000)
    assert stage.conversation._timer is None


async def test_the_end_cancels_the_deadline() -> None:
    stage = a_stage()
    stage.relay.wake_at = stage.clock.now() + timedelta(hours=1)
    stage.conversation.client.data_received(b"x")
    timer = stage.conversation._timer
    stage.conversation.close("over")
    assert timer is not None
    assert timer.cancelled()


async def test_the_first_deadline_is_armed_before_the_client_says_anything() -> None:
    stage = a_stage()
    stage.relay.wake_at = stage.clock.now() + timedelta(hours=1)
    stage.conversation.connected(stage.conversation.client)
    assert stage.conversation._timer is not None
    assert stage.conversation.peer == "10.0.0.1"
    stage.conversation.close("over")


async def test_a_client_that_hangs_up_ends_it_whatever_the_relay_says() -> None:
    stage = a_stage()
    stage.conversation.client.connection_lost(None)
    assert stage.conversation.closed
    assert stage.target.closing


async def test_a_cut_is_told_to_the_client_before_the_end() -> None:
    stage = a_stage(cut=(Send(Side.CLIENT, b"your time is over"),))
    stage.conversation.cut("time")
    assert stage.journal == ["client your time is over", "target closed", "client closed"]


async def test_peers_that_do_not_take_the_last_words_are_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drive, "_LINGER_S", 0.0)
    stage = a_stage()
    stage.conversation.close("over")
    await until(lambda: stage.client.aborted and stage.target.aborted)


async def test_a_target_that_answers_after_the_end_is_let_go() -> None:
    stage = a_stage()
    stage.conversation.close("the client hung up while it was dialled")
    late = Pipe(stage.journal, "late")
    stage.conversation.target.connection_made(cast(asyncio.BaseTransport, late))
    assert late.aborted


async def test_tls_without_a_certificate_ends_the_conversation() -> None:
    stage = a_stage(feed=(StartTls(Side.CLIENT),))
    stage.conversation.client.data_received(b"x")
    await asyncio.gather(*stage.tasks)
    assert stage.desk.ends == ["there is no TLS to start"]


@pytest.mark.parametrize("fault", [ssl.SSLError("bad"), ConnectionResetError(), TimeoutError()])
async def test_tls_that_fails_ends_the_conversation(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise fault

    stage = a_stage(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), feed=(StartTls(Side.CLIENT),))
    monkeypatch.setattr(stage.conversation._loop, "start_tls", fail)
    stage.conversation.client.data_received(b"x")
    await asyncio.gather(*stage.tasks)
    assert stage.desk.ends == ["TLS could not be established"]
    assert not any(what == ("tls_started", Side.CLIENT) for what in stage.told)


async def test_tls_with_the_target_that_fails_is_told_to_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ssl.SSLCertVerificationError("no")

    stage = a_stage(feed=(StartTls(Side.TARGET),), cut=(Send(Side.CLIENT, b"sorry"),))
    stage.conversation.target_tls = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "db")
    monkeypatch.setattr(stage.conversation._loop, "start_tls", fail)
    stage.conversation.client.data_received(b"x")
    await asyncio.gather(*stage.tasks)
    assert "client sorry" in stage.journal
    assert stage.conversation.closed


async def test_once_tls_stands_the_new_transport_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = a_stage(
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        feed=(StartTls(Side.CLIENT),),
        tls_started=(Send(Side.CLIENT, b"secret"),),
    )
    wrapped = Pipe(stage.journal, "tls")

    async def start(*_: object, **__: object) -> Pipe:
        return wrapped

    monkeypatch.setattr(stage.conversation._loop, "start_tls", start)
    stage.conversation.client.data_received(b"x")
    await asyncio.gather(*stage.tasks)
    assert stage.journal == ["tls secret"]


async def test_a_target_whose_result_waits_is_not_read_from() -> None:
    stage = a_stage()
    stage.relay.target_waits = True
    stage.conversation.target.data_received(b"x")
    assert not stage.target.reading
    stage.relay.target_waits = False
    stage.conversation.answered(1, Permitted("ent_1"))
    assert stage.target.reading
