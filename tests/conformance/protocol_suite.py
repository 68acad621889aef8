"""What the spine promises, of every protocol alike: each with real clients and a real target.

A protocol is a `Driver`: how its client does something of each kind, and what its target saw of
that. The laws are functions of a `Stage`, a gateway that runs inside of this process, so that its
log and its recorder can be held up or be away.
"""

import asyncio
import itertools
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import gateway_world
from assent import app, config
from assent.core.faults import OutsideFault
from assent.demo.world import World
from assent.edges import recordings
from gateway_world import Gateway, Loop, assent, eventually

Result = TypeVar("Result")

PERMITTED, REFUSED, HELD, BRIEF = "permitted", "refused", "held", "brief"
UNREAD, LONG, UNKEPT = "unread", "long", "unkept"
CUT_WITHIN_S = 1.0
_MARKS = itertools.count(1)
_ANSWERS_WITHIN_S = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a client heard. words: of a refusal, as its user reads them."""

    done: bool
    words: str = ""


class Client(Protocol):
    """One client of one person."""

    def do(self, kind: str, mark: str) -> Outcome:
        """Do something of a kind, and return what came of it; it may take as long as people do."""
        ...

    def hang_up(self) -> None:
        """Go away, also in the middle of something."""
        ...


class Driver(Protocol):
    """How a protocol is tried. policies: text; `DECIDERS` in it is the group that is asked.

    Kinds: PERMITTED, REFUSED; HELD until one of the deciders assents, BRIEF the same for a second;
    UNREAD, what cannot be understood; LONG, what runs for minutes; UNKEPT, what is permitted with
    an obligation that cannot be kept. more: the end of the configuration. withdraws: whether what
    is held ends with its client; where not, it waits for the same to be sent again. takes_up:
    whether what was held goes on when it is sent again after a restart.
    """

    name: str
    target: str
    policies: str
    more: str
    withdraws: bool
    takes_up: bool

    def client(self, gateway: Gateway, kind: str) -> Client:
        """Return a client of Ana's that is ready to do something of a kind, with its access."""
        ...

    def text(self, kind: str, mark: str) -> str:
        """Return words that the request of such an action has."""
        ...

    def reached(self, mark: str) -> int:
        """Return how often the target was reached with this mark."""
        ...

    def running(self) -> int:
        """Return how many LONG ones run at the target."""
        ...


@dataclass
class Gate:
    """What stands before the log and the recorder. away: they raise; shut: the log waits."""

    away: frozenset[str] = frozenset()
    shut: asyncio.Event | None = None
    waiting: int = 0

    def before_log(self, commit: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def guarded(*arguments: Any) -> None:
            if "log" in self.away:
                raise OutsideFault("store-unavailable", "the log is away, because a test wants it")
            if self.shut is not None:
                self.waiting += 1
                await self.shut.wait()
            await commit(*arguments)

        return guarded

    def before_recorder(self, record: Callable[..., None]) -> Callable[..., None]:
        def guarded(*arguments: Any) -> None:
            if "recorder" in self.away:
                raise OutsideFault("recorder-unavailable", "the recorder is away")
            record(*arguments)

        return guarded


@dataclass
class Stage:
    """A gateway, the driver of one protocol, and what stands between it and its log."""

    driver: Driver
    gateway: Gateway
    running: app.Gateway
    gate: Gate
    loop: Loop
    pool: ThreadPoolExecutor
    clients: list[Client] = field(default_factory=list)

    def mark(self) -> str:
        """Return words that no other action has."""
        return f"mark{next(_MARKS)}x"

    def client(self, kind: str = PERMITTED) -> Client:
        """Return a new client, which hangs up at the end."""
        client = self.driver.client(self.gateway, kind)
        self.clients.append(client)
        return client

    def begin(self, kind: str, mark: str) -> "Doing":
        """Have a new client do something; it goes on by itself."""
        client = self.client(kind)
        return Doing(client, self.pool.submit(client.do, kind, mark))

    def do(self, kind: str, mark: str) -> Outcome:
        """Return what came of something that needs nobody."""
        return self.begin(kind, mark).outcome()

    def asked(self, kind: str, mark: str) -> str:
        """Return the request that an action waits in."""
        return self.gateway.wait_for_request(self.driver.text(kind, mark))

    def deciders(self, group: str) -> None:
        """Put policies in force that ask another group."""
        folder = self.gateway.world.folder / "policies"
        text = self.driver.policies.replace("DECIDERS", group)
        (folder / f"{self.driver.name}.cedar").write_text(text, encoding="utf-8")
        self.loop.run(self.running.reload_policies())

    def frames(self) -> list[dict[str, Any]]:
        """Return all frames of the newest session of Ana's on the target."""
        items = self.gateway.answer("ana", "GET", "/v1/sessions")["items"]
        mine = [one for one in items if one["target"] == self.driver.target]
        newest = max(mine, key=lambda one: str(one["opened_at"]))
        path = f"/v1/recordings/{newest['id']}/frames"
        return [one["frame"] for one in self.gateway.answer("ana", "GET", path)["frames"]]


@dataclass
class Doing:
    """Something that a client does."""

    client: Client
    result: Future[Outcome]

    def outcome(self) -> Outcome:
        return self.result.result(_ANSWERS_WITHIN_S)

    @property
    def waits(self) -> bool:
        return not self.result.done()


@contextmanager
def staged(folder: Path, template: World, driver: Driver) -> Iterator[Stage]:
    """Run a gateway of its own for a driver while the block lasts."""
    created = gateway_world.create_world(
        folder,
        template,
        policies={f"{driver.name}.cedar": driver.policies.replace("DECIDERS", "dba")},
        more=driver.more,
    )
    with restaged(created, driver) as stage:
        yield stage


@contextmanager
def restaged(created: World, driver: Driver) -> Iterator[Stage]:
    """Run a gateway on a world that may have run before."""
    loop, gate = Loop(), Gate()
    told, up = asyncio.Event(), threading.Event()
    found: list[app.Gateway] = []

    async def serve() -> None:
        try:
            async with app.running(config.load(created.config)) as running:
                found.append(running)
                up.set()
                await told.wait()
        finally:
            up.set()

    with _gated(gate), ThreadPoolExecutor(8) as pool:
        ended = loop.begin(serve())
        up.wait(30)
        if ended.done():
            ended.result()
        inside = found[0]
        others = dict(inside.addresses)
        log = created.folder / "none.log"
        gateway = Gateway(created, inside.api_url, inside.postgres_address, None, log, others)
        stage = Stage(driver, gateway, inside, gate, loop, pool)
        try:
            yield stage
        finally:
            gate.away = frozenset()
            if gate.shut is not None:
                loop.tell(gate.shut)
            loop.tell(told)
            ended.result(30)
            for client in stage.clients:
                client.hang_up()
            gateway.forget()
            loop.close()


@contextmanager
def _gated(gate: Gate) -> Iterator[None]:
    """Have the next gateway's log and recorder stand behind a gate."""
    open_store, recorder = app.open_store, recordings.recorder

    async def gated_store(*arguments: Any, **options: Any) -> Any:
        store = await open_store(*arguments, **options)
        store.commit = gate.before_log(store.commit)  # type: ignore[method-assign]
        return store

    async def gated_recorder(*arguments: Any, **options: Any) -> Any:
        made = await recorder(*arguments, **options)
        made.record = gate.before_recorder(made.record)  # type: ignore[method-assign]
        return made

    app.open_store, recordings.recorder = gated_store, gated_recorder
    try:
        yield
    finally:
        app.open_store, recordings.recorder = open_store, recorder


Law = Callable[[Stage], None]


def what_is_permitted_reaches_the_target_once(stage: Stage) -> None:
    mark = stage.mark()
    outcome = stage.do(PERMITTED, mark)
    assert (outcome.done, stage.driver.reached(mark)) == (True, 1), outcome


def nothing_reaches_the_target_before_its_entry_is_in_the_log(stage: Stage) -> None:
    mark, gate = stage.mark(), stage.gate
    client = stage.client()
    gate.waiting, gate.shut = 0, asyncio.Event()
    doing = Doing(client, stage.pool.submit(client.do, PERMITTED, mark))
    try:
        eventually(lambda: gate.waiting, "an entry waits for the log")
        assert stage.driver.reached(mark) == 0
        assert doing.waits
    finally:
        opened, gate.shut = gate.shut, None
        stage.loop.tell(opened)
    assert doing.outcome().done
    assert stage.driver.reached(mark) == 1


def what_is_refused_never_reaches_the_target(stage: Stage) -> None:
    mark = stage.mark()
    outcome = stage.do(REFUSED, mark)
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0)
    assert outcome.words


def what_is_not_understood_never_reaches_the_target(stage: Stage) -> None:
    mark = stage.mark()
    outcome = stage.do(UNREAD, mark)
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0), outcome


def what_is_held_is_released_once_and_the_next_is_asked_about_again(stage: Stage) -> None:
    mark, other = stage.mark(), stage.mark()
    doing = stage.begin(HELD, mark)
    request = stage.asked(HELD, mark)
    assert (doing.waits, stage.driver.reached(mark)) == (True, 0)
    stage.gateway.approve(request)
    outcome = doing.outcome()
    assert (outcome.done, stage.driver.reached(mark)) == (True, 1), outcome
    doing.client.hang_up()
    stage.gateway.wait_until(request, "completed")
    again = stage.begin(HELD, other)
    assert stage.asked(HELD, other) != request
    assert (again.waits, stage.driver.reached(other)) == (True, 0)
    stage.gateway.reject_next(stage.driver.text(HELD, other))
    assert not again.outcome().done


def what_is_rejected_never_reaches_the_target(stage: Stage) -> None:
    mark = stage.mark()
    doing = stage.begin(HELD, mark)
    stage.gateway.reject(stage.asked(HELD, mark))
    outcome = doing.outcome()
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0)
    assert "not now" in outcome.words


def what_nobody_answers_in_time_never_reaches_the_target(stage: Stage) -> None:
    mark = stage.mark()
    outcome = stage.begin(BRIEF, mark).outcome()
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0)


def hanging_up_withdraws_what_is_held_or_lets_it_wait_for_the_same(stage: Stage) -> None:
    mark = stage.mark()
    doing = stage.begin(HELD, mark)
    request = stage.asked(HELD, mark)
    doing.client.hang_up()
    if stage.driver.withdraws:
        stage.gateway.wait_until(request, "withdrawn")
    else:
        stage.gateway.approve(request)
        assert stage.do(HELD, mark).done
        stage.gateway.wait_until(request, "completed")
    assert stage.driver.reached(mark) == (0 if stage.driver.withdraws else 1)


def revoking_the_grant_cuts_what_runs_within_a_second(stage: Stage) -> None:
    stage.gateway.give_back("ana", stage.driver.target)
    doing = stage.begin(LONG, stage.mark())
    eventually(lambda: stage.driver.running() == 1, "it runs at the target")
    (grant,) = [
        one
        for one in stage.gateway.answer("ana", "GET", "/v1/grants")["items"]
        if one["target"] == stage.driver.target and one["state"] == "active"
    ]
    began = time.monotonic()
    because = {"because": "the laptop was lost"}
    stage.gateway.answer("carl", "POST", f"/v1/grants/{grant['id']}/revoke", because)
    outcome = doing.outcome()
    assert time.monotonic() - began < CUT_WITHIN_S
    assert not outcome.done
    eventually(lambda: stage.driver.running() == 0, "the target is left")


def an_obligation_that_cannot_be_kept_denies(stage: Stage) -> None:
    mark = stage.mark()
    outcome = stage.do(UNKEPT, mark)
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0), outcome


def while_the_log_is_away_nothing_is_done(stage: Stage) -> None:
    mark, client = stage.mark(), stage.client()
    stage.gate.away = frozenset({"log"})
    try:
        outcome = stage.pool.submit(client.do, PERMITTED, mark).result(_ANSWERS_WITHIN_S)
    finally:
        stage.gate.away = frozenset()
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0)
    assert stage.do(PERMITTED, stage.mark()).done


def while_the_recorder_is_away_nothing_is_done(stage: Stage) -> None:
    mark, client = stage.mark(), stage.client()
    stage.gate.away = frozenset({"recorder"})
    try:
        outcome = stage.pool.submit(client.do, PERMITTED, mark).result(_ANSWERS_WITHIN_S)
    finally:
        stage.gate.away = frozenset()
    assert (outcome.done, stage.driver.reached(mark)) == (False, 0)
    assert stage.do(PERMITTED, stage.mark()).done


def an_approval_is_evidence_and_policies_are_asked_again(stage: Stage) -> None:
    mark = stage.mark()
    doing = stage.begin(HELD, mark)
    request = stage.asked(HELD, mark)
    try:
        stage.deciders("security")
        stage.gateway.call("ben", "POST", f"/v1/requests/{request}/approve", {"comment": "fine"})
        # Ben's assent, which would have done before, is not enough any more.
        assert (doing.waits, stage.driver.reached(mark)) == (True, 0)
        stage.gateway.approve(stage.asked(HELD, mark), "carl")
        assert doing.outcome().done
        assert stage.driver.reached(mark) == 1
    finally:
        stage.deciders("dba")


def all_that_is_attempted_is_in_its_recording(stage: Stage) -> None:
    mark = stage.mark()
    doing = stage.begin(PERMITTED, mark)
    assert doing.outcome().done
    doing.client.hang_up()

    def told() -> list[dict[str, Any]]:
        words = stage.driver.text(PERMITTED, mark)
        return [
            frame
            for frame in stage.frames()
            if frame["kind"] == "statement" and words in frame["text"]
        ]

    (frame,) = eventually(told, "the frame is there")
    assert frame["verdict"] in ("permit", "reuse")
    assert frame["entry"].startswith("ent_")
    kinds = [one["kind"] for one in stage.gateway.explanation(frame["entry"])["entries"]]
    assert kinds


LAWS: tuple[Law, ...] = (
    what_is_permitted_reaches_the_target_once,
    nothing_reaches_the_target_before_its_entry_is_in_the_log,
    what_is_refused_never_reaches_the_target,
    what_is_not_understood_never_reaches_the_target,
    what_is_held_is_released_once_and_the_next_is_asked_about_again,
    what_is_rejected_never_reaches_the_target,
    what_nobody_answers_in_time_never_reaches_the_target,
    hanging_up_withdraws_what_is_held_or_lets_it_wait_for_the_same,
    revoking_the_grant_cuts_what_runs_within_a_second,
    an_obligation_that_cannot_be_kept_denies,
    while_the_log_is_away_nothing_is_done,
    while_the_recorder_is_away_nothing_is_done,
    an_approval_is_evidence_and_policies_are_asked_again,
    all_that_is_attempted_is_in_its_recording,
)
"""What holds of each protocol, one after the other at one gateway, in any order."""


def stops_with_words_and_goes_on_after_a_restart(
    folder: Path, template: World, driver: Driver
) -> None:
    """Hold to it that a stop answers what is held, and that its request outlives the process.

    What is held did not run; sent again to the next process, it goes on with what people said.
    Behind all of that the log verifies, by another program.
    """
    with staged(folder, template, driver) as stage:
        mark = stage.mark()
        doing = stage.begin(HELD, mark)
        request = stage.asked(HELD, mark)
        world = stage.gateway.world
    outcome = doing.outcome()
    assert (outcome.done, driver.reached(mark)) == (False, 0)
    assert outcome.words
    with restaged(world, driver) as stage:
        if driver.takes_up:
            assert stage.gateway.request(request)["state"] == "pending"
            stage.gateway.approve(request)
            assert stage.do(HELD, mark).done
            stage.gateway.wait_until(request, "completed")
            assert driver.reached(mark) == 1
        verify(stage.gateway, folder / "exported")


def verify(gateway: Gateway, folder: Path) -> None:
    """Export the log, and hold it to what `assent-verify` finds."""
    done = assent(gateway, "carl", "audit", "export", str(folder))
    assert done.returncode == 0, done.stderr
    key = str(folder / "key")
    done = assent(gateway, "carl", "audit", "verify", str(folder), "--key", key, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)


def basic_policies(target: str) -> str:
    """Return the policies that let engineers ask for a target, and open sessions on it."""
    return re.sub("TARGET", target, """
@id("suite.request") @max_duration("30m")
permit (principal in Group::"engineers", action == Action::"access.request",
  resource == Target::"TARGET");

@id("suite.open") @max_duration("30m") @record
permit (principal in Group::"engineers", action == Action::"session.open",
  resource == Target::"TARGET");
""")  # fmt: skip


def held_policies(verb: str, held: str, brief: str) -> str:
    """Return the policies that hold what is done to two resources, as Cedar names them."""
    asking = '@require("approve: 1 of DECIDERS")'
    return f"""
@id("suite.held") @message("this needs assent") @hold("5m") {asking}
forbid (principal, action == Action::"{verb}", resource == {held});

@id("suite.brief") @message("this needs assent soon") @hold("1s") {asking}
forbid (principal, action == Action::"{verb}", resource == {brief});
"""
