"""What the suite `workflow` is measured on: people, policies, and a store that is full of both.

Everything in it was asked for through the use cases themselves, so that it has its notices,
timers, entries and credentials as it would have in an organisation.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from unittest.mock import patch

import asyncpg

from assent import app
from assent.config import Config, load
from assent.control.assemble import Assembly, Outside, assemble
from assent.control.session_credentials import Opened
from assent.control.sign_in import Caller, caller_as
from assent.core.evidence import Authentication
from assent.core.request import Request
from assent.demo import world
from assent.demo.world import World

Result = TypeVar("Result")

PENDING = 10_000
GRANTS = 5_000
SESSIONS = 500
_ASKED_EACH = 50
_HELD_EACH = 5
_AT_ONCE = 64
# Ten thousand people ask at once here and nowhere else: that all of them are reminded at one
# moment later is not what is measured.
_CALM = """
[approvals]
widen_after = "12h"
remind_every = "12h"
"""
# Whoever keeps a session has one grant, so that its end is the session's end; others have more.
_POLICIES = """
@id("request") @max_duration("24h")
permit (principal, action == Action::"access.request", resource);
@id("request.approved") @require("reason; approve: 2 of dba|sre > 1 of owners") @hold("3d")
@escalate("2h: security") @message("contractors need the assent of three people")
forbid (principal in Group::"contractors", action == Action::"access.request", resource);
@id("open") @record
permit (principal, action == Action::"session.open", resource);
@id("open.granted") @message("there is no valid grant for this target")
forbid (principal, action == Action::"session.open", resource) unless { context.grant.active };
@id("read")
permit (principal, action in [Action::"sql.read", Action::"sql.session"], resource);
"""
_STOP = """
@id("stop") @message("the target is closed to everybody")
forbid (principal, action == Action::"session.open", resource);
"""


@dataclass(frozen=True, slots=True)
class Login:
    """What a client connects with, and the grant that this rests on."""

    user: str
    password: str
    database: str
    grant: str

    async def connect(self, port: int) -> asyncpg.Connection:
        """Return a connection through the gateway; TLS is not what is measured."""
        return await asyncpg.connect(
            host="127.0.0.1", port=port, user=self.user, password=self.password,
            database=self.database, ssl=False, timeout=60,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workload:
    """A world whose store is full.

    staying: who keeps a session. leaving: who loses one. probe: of somebody who tries the door.
    """

    created: World
    staying: list[Login]
    leaving: list[Login]
    probe: Login

    def config(self) -> Config:
        """Return the configuration as it is on disk."""
        return load(self.created.config)

    def close_target(self, closed: bool) -> None:
        """Write the policy that closes the target, or take it away again."""
        path = self.created.folder / "policies" / "90-stop.cedar"
        if closed:
            path.write_text(_STOP)
        else:
            path.unlink(missing_ok=True)


def prepare(created: World, leaving: int) -> None:
    """Give the world 1,600 people and more, and policies that have some of them ask."""
    for old in (created.folder / "policies").glob("*.cedar"):
        old.unlink()
    (created.folder / "policies" / "10-workflow.cedar").write_text(_POLICIES)
    text = created.config.read_text()
    text = text.replace('owners = ["dba"]', 'owners = ["owners"]')
    text = text.replace('tls = "offer"', 'tls = "offer"\nmost_connections = 2000')
    groups = {
        "contractor": ("contractors", PENDING // _ASKED_EACH),
        "holder": ("engineers", (GRANTS - SESSIONS - leaving) // _HELD_EACH),
        "stays": ("engineers", SESSIONS),
        "leaves": ("engineers", leaving),
        "approver": ("dba", 12),
        "reliability": ("sre", 8),
        "owner": ("owners", 5),
    }
    people = [
        f'[[people]]\nname = "{name}-{number}"\ngroups = ["{group}"]\n'
        for name, (group, count) in groups.items()
        for number in range(count)
    ]
    created.config.write_text("\n".join([text, _CALM, *people]))


async def fill(created: World, leaving: int, rounds: int) -> Workload:
    """Have everybody ask for what the figures are about, and return it."""
    prepare(created, leaving)
    async with own_process(load(created.config)) as (_, parts):
        await in_step(
            _ask(parts, f"contractor-{number % (PENDING // _ASKED_EACH)}")
            for number in range(PENDING)
        )
        holders = (GRANTS - SESSIONS - leaving) // _HELD_EACH
        await in_step(
            _ask(parts, f"holder-{number % holders}") for number in range(holders * _HELD_EACH)
        )
        staying = await in_step(
            _login(parts, f"stays-{number}", rounds + 1) for number in range(SESSIONS)
        )
        gone = await in_step(_login(parts, f"leaves-{number}", 1) for number in range(leaving))
        probe = await _login(parts, "holder-0", 200)
        if sum(1 for _ in parts.waiting) != PENDING or len(parts.plane.grants) < GRANTS:
            raise RuntimeError("the store is not as full as it should be")
    return Workload(created, staying, gone, probe)


@asynccontextmanager
async def own_process(config: Config) -> AsyncIterator[tuple[app.Gateway, Assembly]]:
    """Run a gateway in this process, and reach what only a gateway may touch."""
    made: list[Assembly] = []

    def kept(outside: Outside) -> Assembly:
        made.append(assemble(outside))
        return made[-1]

    config = replace(
        config,
        server=replace(config.server, listen="127.0.0.1:0"),
        postgres=replace(config.postgres, listen="127.0.0.1:0"),
    )
    with patch.object(app, "assemble", kept):
        async with app.running(config) as gateway:
            yield gateway, made[0]


async def in_step(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """Return what each returns, in order; so many at once that commits go in groups."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(each: Coroutine[Any, Any, Result]) -> Result:
        async with turn:
            return await each

    return list(await asyncio.gather(*map(one, work)))


async def _ask(parts: Assembly, name: str) -> Request:
    return await parts.plane.access.ask(
        _caller(parts, name), world.TARGET, None, "to look into an order", ""
    )


async def _login(parts: Assembly, name: str, connections: int) -> Login:
    opened = await parts.plane.access.connect(
        _caller(parts, name), world.TARGET, None, "", "", connections
    )
    if not isinstance(opened, Opened):
        raise RuntimeError(f"{name} must wait for access")
    return Login(name, opened.password.reveal(), "shop", opened.grant.id)


def _caller(parts: Assembly, name: str) -> Caller:
    subject = parts.plane.directory.subject_named(name)
    if subject is None:
        raise RuntimeError(f"there is no {name}")
    proof = Authentication("password", parts.plane.clock.now())
    return caller_as(subject, proof, "", "127.0.0.1", "api")
