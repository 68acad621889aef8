"""The PostgreSQL gateway's door, and the canary that keeps trying it."""

import asyncio
import contextlib
import functools

from assent.config import canary_every, split_address
from assent.control.canary import Canary
from assent.control.sessions import Sessions
from assent.core.ports import DeviceCertificates
from assent.edges.door_certificates import serving_tls
from assent.edges.premises import Premises
from assent.gateway.assemble import AtTargets
from assent.gateway.canary import CanaryPeer, Rounds
from assent.gateway.listen import PostgresListener
from assent.gateway.postgres import PostgresAnswerer
from assent.protocols import postgres
from assent.protocols.postgres.statements import Classifier


async def start_listener(
    premises: Premises,
    sessions: Sessions,
    targets: AtTargets,
    tasks: asyncio.TaskGroup,
    devices: DeviceCertificates | None = None,
) -> tuple[PostgresListener, tuple[str, int]]:
    """Return what listens for clients, and the address that it got. Raises OperatorFault.

    devices: who vouches for those of clients, None where they are not asked.
    """
    config, clock, ids = premises.config, premises.clock, premises.ids
    host, port = split_address(config.postgres.listen, "[postgres] listen")
    tls, require = serving_tls(premises, host, devices)
    # One for each search path: sessions share what was read, and names keep their meaning.
    reader_for = functools.lru_cache(maxsize=256)(Classifier)
    listener = PostgresListener(
        new_relay=lambda: postgres.PostgresRelay(
            reader_for,
            lambda: ids.token(18),
            tls_available=True,
            require_tls=require,
            opened_at=clock.now(),
        ),
        answerer=PostgresAnswerer(
            sessions,
            premises.recorder,
            targets.leases,
            targets.catalogues,
            targets.impacts,
            tasks.create_task,
        ),
        clock=clock,
        spawn=tasks.create_task,
        client_tls=tls,
        most=config.postgres.most_connections,
    )
    return listener, await listener.start(host, port)


async def start_canary(
    premises: Premises,
    canary: Canary,
    address: tuple[str, int],
    tasks: asyncio.TaskGroup,
    doors: contextlib.AsyncExitStack,
) -> None:
    """Begin the rounds at the gateway's `address`, which end with `doors`; none when off."""
    every = canary_every(premises.config.canary, "[canary]")
    if every is None:
        await canary.begin("127.0.0.1", 0, None)
        return
    peer = CanaryPeer()
    await canary.begin(*await peer.start(), every)
    doors.push_async_callback(peer.stop)
    rounds = Rounds(canary, address, lambda: premises.ids.token(18), every)
    doors.callback(tasks.create_task(rounds.run()).cancel)
