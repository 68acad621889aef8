"""The only place where things are built and handed to each other."""

import asyncio
import contextlib
import gc
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from assent import __version__, api, web
from assent.config import Config, NetworkConfig, own_patterns, split_address
from assent.control import administration
from assent.control.assemble import Assembly, assemble
from assent.control.beginning import InForce, Reloading, at_start
from assent.control.configuration_changes import Said, model_digest, since_last_start
from assent.control.decide import Decider
from assent.control.plane import ControlPlane
from assent.control.sessions import Sessions
from assent.core.canonical import Json
from assent.core.changes import PutPolicyRevision
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.ids import Ids
from assent.core.policy_revision import PolicyRevision
from assent.core.secret import Secret
from assent.credentials.references import reveal_reference
from assent.edges import (
    credentials,
    device_managers,
    door_certificates,
    exporting,
    fingerprints,
    identity,
    keys,
    master_key,
    networks,
    observing,
    policies,
    postgres_door,
    recordings,
    searching,
    settings_page,
    stores,
    telling_outside,
    web_server,
)
from assent.edges import doors as open_doors
from assent.edges.checking import check
from assent.edges.log_keys import LogKeysOnDisk
from assent.edges.outside import outside
from assent.edges.people_and_targets import addresses, described_person, described_target
from assent.edges.policies import load_policies
from assent.edges.premises import Premises
from assent.edges.proxies import networks_of
from assent.gateway.assemble import at_targets
from assent.gateway.listen import PostgresListener
from assent.gateway.sessions import GatewayParts
from assent.intelligence.network_book import NetworkBook
from assent.notifiers import channels
from assent.stores import SqlStore, open_store
from assent.system.clock import SystemClock
from assent.system.ids import SystemIds

SWITCH_INTERVAL_S = 0.00005
_GOODBYE = "the gateway is stopping; connect again in a moment"

_log = structlog.get_logger("app")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running Assent. first_link: for its first administrator, None where there is one.

    addresses: of the other doors that listen: `ssh`, `http`, `tcp`.
    """

    api_url: str
    postgres_address: tuple[str, int]
    addresses: Mapping[str, tuple[str, int]]
    plane: ControlPlane
    sessions: Sessions
    decider: Decider
    first_link: Secret[str] | None
    reload_policies: Callable[[], Coroutine[Any, Any, str]]


@asynccontextmanager
async def running(
    config: Config,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    unsafe_policies_from_folder: bool = False,
) -> AsyncIterator[Gateway]:
    """Run Assent until the block is left, then stop cleanly.

    unsafe_policies_from_folder: let the folder count, whatever somebody applied with assent.
    Raises OperatorFault when configuration, policies or keys are wrong: nothing listens then.
    """
    clock = clock or SystemClock()
    ids = ids or SystemIds(clock)
    # The writer's thread must get its turn while the loop is busy: with the usual 5 ms a commit
    # waited up to seconds behind a full loop (docs/decisions/0002).
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # What was imported holds next to nothing that is garbage; to look for it takes 0.2 s.
    gc.freeze()
    if stores.is_new(config):
        # Nobody can have applied any: what is wrong with the folder's stops the start at once.
        load_policies(config)
    book = networks.network_book(config, clock)
    data = keys.data_folder(config)
    log_keys = LogKeysOnDisk(data, config.server.origin)
    async with contextlib.AsyncExitStack() as stack:
        master = master_key.master_key(config, data, ids, stack.push_async_callback)
        former = master_key.former_key(config, data, ids, stack.push_async_callback)
        place = stores.place_of_store(config, data)
        store = await open_store(place, log_keys.signer, ids, clock, master, former)
        stack.push_async_callback(store.close)
        begun = await _in_force(config, store, unsafe_from_folder=unsafe_policies_from_folder)
        recorder = await recordings.recorder(config, data, store, ids, clock)
        stack.push_async_callback(recorder.stop)
        premises = Premises(config, data, clock, ids, log_keys, store, recorder)
        web_socket = web_server.listen(*split_address(config.server.listen, "[server] listen"))
        stack.callback(web_socket.close)
        url = _public_url(config, web_socket)
        around = channels.Around(
            addresses(config),
            lambda reference: reveal_reference(reference, config.folder),
            clock,
            stack.push_async_callback,
            url,
            config.folder,
        )
        parts = assemble(outside(premises, begun.policies, book, around))
        await _begin(premises, parts, begun)
        # What an earlier process left stays for long: thousands of requests and grants.
        _spare_the_collector()
        stack.push_async_callback(_conclude, premises, parts)
        async with _doors(premises, parts, book, around, web_socket) as (address, others):
            yield Gateway(
                api_url=url,
                postgres_address=address,
                addresses=others,
                plane=parts.plane,
                sessions=parts.sessions,
                decider=parts.decider,
                first_link=await parts.plane.local_people.welcoming.first_link(),
                reload_policies=_reloading(premises, parts, begun).reload,
            )


@asynccontextmanager
async def _doors(
    premises: Premises,
    parts: Assembly,
    book: NetworkBook,
    around: channels.Around,
    web_socket: socket.socket,
) -> AsyncIterator[tuple[tuple[str, int], Mapping[str, tuple[str, int]]]]:
    """Do what goes on all the time, and open the doors, until the block is left.

    Yields the address of the PostgreSQL gateway, and those of the other doors.
    """
    config, plane = premises.config, parts.plane
    # Whatever was begun is ended, last first, also when what comes after it cannot be.
    async with asyncio.TaskGroup() as tasks, contextlib.AsyncExitStack() as doors:

        def keep_doing(*work: Coroutine[Any, Any, None]) -> None:
            for each in work:
                doors.callback(tasks.create_task(each).cancel)

        keep_doing(premises.recorder.run(), parts.learning.build(), parts.sweep.run())
        keep_doing(parts.continuous.run(), parts.outbox.run(), parts.timers.run())
        keep_doing(parts.plane.retention.run(), parts.plane.drafting.shadows.run())
        index = searching.index_keeper(premises)
        plane.health.followers.append(lambda: index.progress)
        keep_doing(premises.store.publish_on_growth(), index.run())
        keep_doing(plane.insight.rollups.run())
        plane.insight.settings.described = settings_page.described(premises)
        if config.network != NetworkConfig():
            keep_doing(networks.keep_fresh(book, parts.hearing))
        brokers = credentials.brokers(premises, around.when_done)
        targets = at_targets(
            parts, brokers, premises.clock, own_patterns(config), tasks.create_task
        )
        # Now that everything stands that it may need, and before anybody can ask for more.
        await parts.waiting.carry_out()
        keep_doing(targets.catalogues.run(), targets.leases.run(plane.directory.targets))
        listener, address = await postgres_door.start_listener(
            premises, parts.sessions, targets, tasks, parts.plane.devices.certificates
        )
        doors.push_async_callback(listener.stop, _GOODBYE)
        plane.health.catalogues = targets.catalogues.status
        plane.audit.beside = exporting.beside(premises)
        keep_doing(*await observing.begin(premises, plane, around))
        keep_doing(device_managers.begin(premises, plane, around))
        keep_doing(*telling_outside.begin(premises, plane, around))
        await postgres_door.start_canary(premises, parts.canary, address, tasks, doors)
        identity.begin(premises, plane, around)
        clicks = channels.clicks(config.notifiers, around)
        others = await open_doors.begin(
            open_doors.DoorParts(
                premises,
                parts,
                GatewayParts(
                    parts.sessions,
                    premises.recorder,
                    targets.leases,
                    premises.clock,
                    tasks.create_task,
                ),
                around.public_url,
                tasks,
                doors,
            )
        )
        application = api.build_app(
            plane,
            around.public_url,
            lambda: address,
            clicks,
            others,
            door_certificates.digest(premises),
        )
        web.mount(application, plane, around.public_url, lambda: address, others)
        identity.mount_scim(application, premises, plane, around)
        server, serving = await web_server.start(
            application, web_socket, tasks, networks_of(config.server.proxies)
        )
        doors.push_async_callback(web_server.stop, server, serving)
        # Sessions end before the pages do, so that the pages can still show it.
        doors.push_async_callback(_end_sessions, parts, listener)
        yield address, others


async def _in_force(config: Config, store: SqlStore, *, unsafe_from_folder: bool) -> InForce:
    """Return the policies to begin with, and warn of a folder that does not count."""
    begun = await at_start(
        store,
        lambda: policies.policy_sources(config),
        policies.read_policies,
        config.groups,
        unsafe_from_folder=unsafe_from_folder,
    )
    if begun.warning:
        _log.warning("policies", what=begun.warning)
    return begun


def _public_url(config: Config, web_socket: socket.socket) -> str:
    host, port = web_socket.getsockname()[:2]
    return config.server.public_url.rstrip("/") or f"http://{host}:{port}"


def _spare_the_collector() -> None:
    """Keep the garbage collector away from what lives as long as the process.

    Statements make short-lived objects without cycles; looking through everything that was
    imported after every few hundred of them costs more than they do.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _begin(premises: Premises, parts: Assembly, begun: InForce) -> None:
    """Take up what an earlier process left, and say in the log that this one has begun."""
    config, clock, ids, store = premises.config, premises.clock, premises.ids, premises.store
    people = [described_person(person, config.folder) for person in config.people]
    subjects, targets, changes = await administration.people_and_targets(
        store,
        people,
        [described_target(target, config.folder) for target in config.targets],
        ids,
    )
    key = Secret(keys.key_in(premises.data / "credentials.key"))
    said = Said(
        subjects,
        targets,
        fingerprints.of_configuration(config, people, key),
        fingerprints.of_risk_model(),
        __version__,
    )
    remembered, differs = await since_last_start(store, said, clock, ids)
    changes += remembered
    facts: dict[str, Json] = {
        "policy_revision": begun.policies.revision,
        "risk_model": model_digest(said.model),
        "version": __version__,
    }
    if begun.ignored:
        facts["unsafe_policies_from_folder"] = begun.ignored
    started = administration.happened(
        ids, EntryKind.SERVER_STARTED, clock, facts, {"policies": dict(begun.sources)}
    )
    if not begun.applied:
        kept = PolicyRevision(begun.policies.revision, begun.sources, clock.now())
        changes.append(PutPolicyRevision(kept))
    await store.commit(changes, (started, *differs))
    parts.plane.configuring.begin(begun.sources, targets)
    parts.plane.directory.replace(subjects, targets)
    await parts.plane.labels.recover()
    await parts.plane.drafting.shadows.recover()
    await premises.recorder.recover()
    await parts.sessions.ending.recover()
    await parts.plane.grants.recover()
    await parts.plane.delegations.recover()
    await parts.plane.absences.recover()
    await parts.waiting.recover()
    await parts.resuming.recover()
    await parts.answers.recover()
    await store.publish()
    await parts.plane.custody.rotation.recover(started.id)


def _reloading(premises: Premises, parts: Assembly, begun: InForce) -> Reloading:
    return Reloading(
        begun=begun,
        policies=parts.policies,
        configuring=parts.plane.configuring,
        store=premises.store,
        read_folder=lambda: policies.policy_sources(premises.config),
        read_policies=policies.read_policies,
        groups=premises.config.groups,
        clock=premises.clock,
        ids=premises.ids,
    )


async def _end_sessions(parts: Assembly, listener: PostgresListener) -> None:
    """Cut the sessions, and give them a moment to be sealed and logged.

    What is held is set aside first, so that its client hears where it can go on.
    """
    await parts.arrivals.stop()
    await parts.holding.stop()
    await listener.stop(_GOODBYE)
    for live in parts.sessions.live:
        live.cut(_GOODBYE)
    for _ in range(200):
        if not len(parts.sessions.live):
            break
        await asyncio.sleep(0.01)
    parts.plane.events.close()
    parts.plane.live_watch.close()


async def _conclude(premises: Premises, parts: Assembly) -> None:
    """Say in the log that the server has stopped, behind all that it did."""
    await premises.recorder.stop()
    await parts.history.flush()
    await parts.learning.flush()
    await parts.plane.sign_in.refusals.flush(all_of_them=True)
    stopped = administration.happened(premises.ids, EntryKind.SERVER_STOPPED, premises.clock)
    await premises.store.commit((), (stopped,))
    await premises.store.publish()


__all__: Sequence[str] = ("Gateway", "check", "load_policies", "running")
