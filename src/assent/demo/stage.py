"""Puts the demo up (database, world, gateway), plays the story, and takes it down again."""

import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assent.app import Gateway, running
from assent.config import load
from assent.core.faults import OperatorFault
from assent.demo import agent_story, database, neighbours, story, world
from assent.demo.actors import Unobserved
from assent.demo.agent_story import Doors
from assent.demo.beside import TOOLS
from assent.demo.world import Person, World
from assent.system.clock import SystemClock

# Where it is worth looking first, for whom the inbox is not the place.
_PAGES = {"ana": "/ask", "nora": "/ask", "dora": "/policies", "carl": "/sessions", "olga": "/log"}


async def perform(
    folder: Path | None, story_only: bool, until_told: Callable[[], Awaitable[None]]
) -> int:
    """Play the demo and return its exit code: 1 when a step was not observed.

    folder: where the world is kept; a temporary one that is removed, when None.
    until_told: returns when whoever watches has seen enough.
    """
    with _folder(folder) as place:
        return await _perform(place, story_only, until_told)


async def _perform(place: Path, story_only: bool, until_told: Callable[[], Awaitable[None]]) -> int:
    started_at = time.monotonic()
    async with (
        database.start(place / "postgres") as shop,
        neighbours.start(place / "web1", shop) as beside,
    ):
        created = await world.create(place, shop, usual_ports=not story_only, neighbours=beside)
        async with running(load(created.config)) as gateway:
            _tell(f"Assent and a PostgreSQL are up, {time.monotonic() - started_at:.1f} s.")
            try:
                told = story.Story(created, SystemClock(), _tell)
                await story.play(told)
                agent = await agent_story.play(told, Doors(gateway.addresses), shop, beside)
            except Unobserved as fault:
                print(f"\nassent: the story went wrong\n  {fault}", file=sys.stderr)
                return 1
            _tell("\nThe story is told; each step was observed.")
            if story_only:
                return 0
            await database.fill(shop)
            await neighbours.let_in(shop)
            _invite(created, gateway, agent)
            await until_told()
            _tell("\nstopping")
    return 0


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give an empty folder; a temporary one is removed with all that is in it."""
    if wanted is not None:
        if wanted.exists() and any(wanted.iterdir()):
            raise OperatorFault("not-empty", f"`{wanted}` is not empty; name a new folder")
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted.resolve()
        return
    temporary = Path(tempfile.mkdtemp(prefix="assent-demo-"))
    # The database runs as another user when we are root, and must get to its own folder.
    temporary.chmod(0o711)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _invite(created: World, gateway: Gateway, agent: Person) -> None:
    """Say where everything is, and what to try."""
    beside = Path(sys.executable).parent / "assent"
    program = str(beside) if beside.is_file() else f"{sys.executable} -m assent"
    host, port = gateway.postgres_address
    _tell(f"\nIt stays up until Ctrl-C. The console: {created.console}")
    _tell(f"PostgreSQL through the gateway: {host}:{port}\n")
    _tell_people(created)
    if gateway.first_link is not None:
        _tell("\nNobody is an administrator yet. Whoever opens this link first becomes one:\n")
        _tell(f"  {gateway.first_link.reveal()}")
    _tell("\nA passkey works at this address, too: Account, Passkeys, Make a passkey.")
    ana, ben, nora = (created.people[name] for name in ("ana", "ben", "nora"))
    _tell_agent(gateway, agent)
    _tell("\nIn a second terminal, as Ana (signed in already):\n")
    _tell(f"  ASSENT_HOME={ana.home} {program} connect {world.TARGET} --psql")
    _tell("  shop=> DELETE FROM carts;\n")
    _tell("as Nora, who is shown no address and a thousand rows at most:\n")
    _tell(f"  ASSENT_HOME={nora.home} {program} connect {world.TARGET} --psql")
    _tell("  shop=> SELECT * FROM customers; SELECT * FROM orders;\n")
    _tell("and in a third, as Ben (or in the console, with his password):\n")
    _tell(f"  ASSENT_HOME={ben.home} {program} inbox --watch")
    _tell(f"  ASSENT_HOME={ben.home} {program} approve req_…\n")


def _tell_agent(gateway: Gateway, agent: Person) -> None:
    """Say where the tools are, and with which token a client of MCP is Ana's agent."""
    token = agent.token.reveal() if agent.token is not None else ""
    _tell(f"\nAna's agent, for any client of MCP: {Doors(gateway.addresses).http}/mcp/{TOOLS}")
    _tell(f"  Authorization: Bearer {token}")


def _tell_people(created: World) -> None:
    """Say who there is, with what they sign in, and what to look at as each."""
    _tell("Sign in as any of them; for two at once, open a private window for the second:\n")
    for person in created.people.values():
        groups, page = ", ".join(person.groups), _PAGES.get(person.name, "/")
        link = f"{created.console}/sign-in" + (f"?next={page}" if page != "/" else "")
        _tell(f"  {person.name:<5} password {person.password.reveal()}   ({groups})   {link}")


def _tell(text: str) -> None:
    print(text, flush=True)
