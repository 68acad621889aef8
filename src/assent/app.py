"""The only place where things are built and handed to each other."""

import asyncio
import contextlib
import functools
import gc
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from fastapi import FastAPI

from assent import api, policy, web
from assent.audit.note import Signer
from assent.config import (
    Config,
    NetworkConfig,
    PersonConfig,
    TargetConfig,
    applicable_targets,
    budget,
    canary_every,
    column_rules,
    longest_grant_s,
    own_patterns,
    pace,
    parse_day,
    recognised,
    split_address,
)
from assent.control import administration
from assent.control.assemble import Assembly, Outside, assemble
from assent.control.beginning import InForce, Reloading, at_start
from assent.control.decide import Decider
from assent.control.hearing import Hearing
from assent.control.own_target import CANARY
from assent.control.plane import ControlPlane
from assent.control.sessions import Sessions
from assent.control.tickets import Tickets
from assent.core.canonical import Json
from assent.core.changes import PutPolicyRevision
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import OperatorFault
from assent.core.ids import Ids
from assent.core.policy_revision import PolicyRevision
from assent.core.ports import CredentialBroker
from assent.core.secret import Secret
from assent.credentials.brokers import Brokers
from assent.credentials.postgres_role import PostgresRoleBroker
from assent.credentials.references import VAULT, References, reveal_reference
from assent.credentials.static import StaticBroker
from assent.gateway.assemble import AtTargets, at_targets
from assent.gateway.canary import CanaryBroker, CanaryPeer, Rounds
from assent.gateway.certificates import client_side, ensure_development_certificate
from assent.gateway.listen import PostgresListener
from assent.gateway.own_connection import own_connection
from assent.gateway.postgres import PostgresAnswerer
from assent.identity.passwords import Argon2Hasher
from assent.intelligence import sources
from assent.intelligence.files import Files
from assent.intelligence.network_book import NetworkBook
from assent.notifiers import channels
from assent.notifiers.address_book import AddressBook
from assent.protocols import postgres
from assent.protocols.postgres.statements import Classifier
from assent.signals import SIGNALS
from assent.stores import SqlStore, open_store
from assent.stores.database import FILE_NAME as STORE_FILE_NAME
from assent.stores.recordings import FileRecorder
from assent.system.clock import SystemClock
from assent.system.ids import SystemIds
from assent.system.zones import Zones

if TYPE_CHECKING:
    from assent.credentials.vault import Vault

PROTOCOLS = (postgres.PLUGIN,)
SWITCH_INTERVAL_S = 0.00005
_NETWORKS_EVERY_S = 5.0
_GOODBYE = "the gateway is stopping; connect again in a moment"

_log = structlog.get_logger("app")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running Assent."""

    api_url: str
    postgres_address: tuple[str, int]
    plane: ControlPlane
    sessions: Sessions
    decider: Decider
    reload_policies: Callable[[], Coroutine[Any, Any, str]]


def check(config: Config) -> policy.PolicySet:
    """Return the policies, once all that a start needs of files and keys was found good.

    Nothing is opened, made or listened on. Raises OperatorFault for the first thing wrong.
    """
    for person in config.people:
        if person.password:
            reveal_reference(person.password, config.folder)
    for reference in (
        *(config.metrics.token, config.vault.token, config.vault.role_id, config.vault.secret_id),
        *(config.issue_tracker.secret, *(entry.token for entry in config.on_call)),
    ):
        if reference:
            reveal_reference(reference, config.folder)
    for target in config.targets:
        if not target.password.startswith(VAULT):
            reveal_reference(target.password, config.folder)
        authority = config.folder / target.certificate_authority
        if target.certificate_authority and not authority.is_file():
            raise OperatorFault(
                "certificate-authority", f"there is no `{authority}` (target `{target.name}`)"
            )
    if config.postgres.certificate:
        key = config.folder / config.postgres.key if config.postgres.key else None
        client_side(config.folder / config.postgres.certificate, key)
    channels.check(config.notifiers, _reveals(config), config.folder)
    _network_book(config, SystemClock())
    return load_policies(config)


def load_policies(config: Config) -> policy.PolicySet:
    """Return the policies of the configured folder. Raises OperatorFault with file and line."""
    return _read_policies(policy_sources(config), config.groups)


def policy_sources(config: Config) -> dict[str, str]:
    """Return file name → text of the configured folder. Raises OperatorFault."""
    folder = config.folder / config.policies.folder
    if not folder.is_dir():
        raise OperatorFault(
            "policies-missing", f"there is no folder `{folder}`; make it, or name another one"
        )
    return {path.name: _text(path) for path in sorted(folder.glob("*.cedar"))}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise OperatorFault("policy-unreadable", "cannot be read as UTF-8", str(path)) from fault


def _read_policies(
    sources: Mapping[str, str], groups: frozenset[str] | None = None
) -> policy.PolicySet:
    return policy.load(sources, PROTOCOLS, groups)


def _described_targets(config: Config, text: str) -> list[administration.TargetDescription]:
    """Return the targets of a `targets.toml` that is to be applied. Raises OperatorFault."""
    return [_target(target, config.folder) for target in applicable_targets(config, text)]


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
    _spare_the_collector()
    if not (config.folder / config.server.data / STORE_FILE_NAME).exists():
        # Nobody can have applied any: what is wrong with the folder's stops the start at once.
        load_policies(config)
    book = _network_book(config, clock)
    data = _data_folder(config)
    signer = Signer(config.server.origin, Secret(_audit_key(data)))
    async with contextlib.AsyncExitStack() as stack:
        store = await open_store(data, signer, ids, clock)
        stack.push_async_callback(store.close)
        begun = await at_start(
            store,
            lambda: policy_sources(config),
            _read_policies,
            config.groups,
            unsafe_from_folder=unsafe_policies_from_folder,
        )
        if begun.warning:
            _log.warning("policies", what=begun.warning)
        recorder = FileRecorder(
            data / "recordings", lambda entries: store.commit((), entries), ids, clock
        )
        stack.push_async_callback(recorder.stop)
        web_socket = _listen(*split_address(config.server.listen, "[server] listen"))
        stack.callback(web_socket.close)
        web_address = web_socket.getsockname()
        url = config.server.public_url.rstrip("/") or f"http://{web_address[0]}:{web_address[1]}"
        reveal, when_done = _reveals(config), stack.push_async_callback
        around = channels.Around(_addresses(config), reveal, clock, when_done, url, config.folder)
        parts = assemble(
            Outside(
                store=store,
                recorder=recorder,
                hasher=Argon2Hasher(),
                clock=clock,
                ids=ids,
                policies=begun.policies,
                signals=SIGNALS,
                honours=frozenset().union(*(plugin.honours for plugin in PROTOCOLS)),
                credential_key=Secret(_key(data / "credentials.key")),
                verifier_key=signer.verifier_key,
                public_url=url,
                network=book,
                zones=Zones(),
                budget=budget(config.risk, "[risk]"),
                pace=pace(config),
                notifiers=channels.notifiers(config.notifiers, around),
                ordinary_channels=frozenset(config.notify.channels) or None,
                on_call=sources.on_call(config.on_call, reveal, clock, when_done),
                tickets=Tickets(
                    sources.issue_tracker(config.issue_tracker, reveal, clock, when_done),
                    clock,
                    pattern=config.issue_tracker.pattern,
                ),
                levels=(config.risk.medium_from, config.risk.high_from),
                label_rules=column_rules(config),
                recognised=frozenset(recognised(config)),
                read_policies=_read_policies,
                read_targets=functools.partial(_described_targets, config),
                on_compromise=config.reactions.on_compromise == "revoke",
                metrics_token=_metrics_token(config),
            )
        )
        await _begin(parts, config, begun, store, recorder, clock, ids)
        # What an earlier process left stays for long: thousands of requests and grants.
        _spare_the_collector()
        stack.push_async_callback(_conclude, parts, store, recorder, clock, ids)
        # Whatever was begun is ended, last first, also when what comes after it cannot be.
        async with asyncio.TaskGroup() as tasks, contextlib.AsyncExitStack() as doors:
            duties = (parts.sweep, parts.continuous, parts.outbox, parts.timers)
            for work in (recorder.run(), parts.learning.build(), *(duty.run() for duty in duties)):
                doors.callback(tasks.create_task(work).cancel)
            if config.network != NetworkConfig():
                doors.callback(tasks.create_task(_keep_networks_fresh(book, parts.hearing)).cancel)
            broker = _broker(config, signer.verifier_key, clock, ids, stack)
            targets = at_targets(parts, broker, clock, own_patterns(config), tasks.create_task)
            lent = targets.leases.run(parts.plane.directory.targets)
            for work in (targets.catalogues.run(), lent):
                doors.callback(tasks.create_task(work).cancel)
            listener, address = await _start_listener(
                config, data, parts.sessions, recorder, targets, clock, ids, tasks
            )
            doors.push_async_callback(listener.stop, _GOODBYE)
            parts.plane.health.catalogues = targets.catalogues.status
            await _start_canary(parts, config, address, ids, tasks, doors)
            clicks = channels.clicks(config.notifiers, around)
            application = api.build_app(parts.plane, url, lambda: address, clicks)
            web.mount(application, parts.plane, url, lambda: address)
            server, serving = await _start_web(application, web_socket, tasks)
            doors.push_async_callback(_stop_web, server, serving)
            # Sessions end before the pages do, so that the pages can still show it.
            doors.push_async_callback(_end_sessions, parts, listener)
            yield Gateway(
                api_url=url,
                postgres_address=address,
                plane=parts.plane,
                sessions=parts.sessions,
                decider=parts.decider,
                reload_policies=_reloading(config, begun, parts, store, clock, ids).reload,
            )


def _broker(
    config: Config, verifier_key: str, clock: Clock, ids: Ids, stack: contextlib.AsyncExitStack
) -> Brokers:
    """Return what hands out the ways in, as each target's configuration says."""
    vault = _vault(config) if config.vault.address else None
    if vault is not None:
        stack.push_async_callback(vault.close)
    references = References(config.folder, vault)
    # Two gateways before one server must not take each other's roles for left behind.
    installation = sha256(verifier_key.encode()).hexdigest()[:16]
    roles = PostgresRoleBroker(references, own_connection, clock, ids, installation)
    of: dict[str, CredentialBroker] = {
        target.name: roles for target in config.targets if target.broker == "postgres_role"
    }
    at_vault = {
        target.name: target.vault_role
        for target in config.targets
        if target.broker == "vault_database"
    }
    if vault is not None and at_vault:
        from assent.credentials.vault_database import VaultDatabaseBroker

        users = VaultDatabaseBroker(vault, at_vault, references, clock)
        of |= dict.fromkeys(at_vault, users)
    of[CANARY] = CanaryBroker()
    return Brokers(of, StaticBroker(references))


def _addresses(config: Config) -> AddressBook:
    return AddressBook(
        {person.name: {"email": person.email, "slack": person.slack} for person in config.people}
    )


def _reveals(config: Config) -> Callable[[str], Secret[str]]:
    return lambda reference: reveal_reference(reference, config.folder)


def _vault(config: Config) -> "Vault":
    # An HTTP client, and all that it brings, only for whoever has a Vault.
    from assent.credentials.vault import Vault, VaultSettings

    settings = config.vault
    authority = settings.certificate_authority
    return Vault(
        VaultSettings(
            address=settings.address,
            token=settings.token,
            role_id=settings.role_id,
            secret_id=settings.secret_id,
            approle=settings.approle,
            namespace=settings.namespace,
            certificate_authority=str(config.folder / authority) if authority else "",
        ),
        lambda reference: reveal_reference(reference, config.folder),
    )


def _spare_the_collector() -> None:
    """Keep the garbage collector away from what lives as long as the process.

    Statements make short-lived objects without cycles; looking through everything that was
    imported after every few hundred of them costs more than they do.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _begin(
    parts: Assembly,
    config: Config,
    begun: InForce,
    store: SqlStore,
    recorder: FileRecorder,
    clock: Clock,
    ids: Ids,
) -> None:
    """Take up what an earlier process left, and say in the log that this one has begun."""
    subjects, targets, changes = await administration.people_and_targets(
        store,
        [_person(person, config.folder) for person in config.people],
        [_target(target, config.folder) for target in config.targets],
        ids,
    )
    facts: dict[str, Json] = {"policy_revision": begun.policies.revision}
    if begun.ignored:
        facts["unsafe_policies_from_folder"] = begun.ignored
    started = administration.happened(ids, EntryKind.SERVER_STARTED, clock, facts)
    if not begun.applied:
        kept = PolicyRevision(begun.policies.revision, begun.sources, clock.now())
        changes.append(PutPolicyRevision(kept))
    await store.commit(changes, (started,))
    parts.plane.configuring.begin(begun.sources, targets)
    parts.plane.directory.replace(subjects, targets)
    await parts.plane.labels.recover()
    await recorder.recover()
    await parts.sessions.recover()
    await parts.plane.grants.recover()
    await parts.plane.delegations.recover()
    await parts.plane.absences.recover()
    await parts.waiting.recover()
    await parts.resuming.recover()
    await parts.answers.recover()
    await parts.plane.access.recover()
    await parts.plane.delegating.recover()
    await parts.plane.break_glass.recover()
    await parts.plane.configuring.recover()
    await store.publish()


def _reloading(
    config: Config, begun: InForce, parts: Assembly, store: SqlStore, clock: Clock, ids: Ids
) -> Reloading:
    return Reloading(
        begun=begun,
        policies=parts.policies,
        configuring=parts.plane.configuring,
        store=store,
        read_folder=lambda: policy_sources(config),
        read_policies=_read_policies,
        groups=config.groups,
        clock=clock,
        ids=ids,
    )


async def _start_listener(
    config: Config,
    data: Path,
    sessions: Sessions,
    recorder: FileRecorder,
    targets: AtTargets,
    clock: Clock,
    ids: Ids,
    tasks: asyncio.TaskGroup,
) -> tuple[PostgresListener, tuple[str, int]]:
    host, port = split_address(config.postgres.listen, "[postgres] listen")
    if config.postgres.certificate:
        certificate = config.folder / config.postgres.certificate
        key = config.folder / config.postgres.key if config.postgres.key else None
    else:
        names = ["localhost", "127.0.0.1", "::1", host]
        certificate = ensure_development_certificate(data, names, clock.now())
        key = None
    tls = client_side(certificate, key)
    require = config.postgres.tls == "require" or (
        not config.postgres.tls and not _is_loopback(host)
    )
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
            recorder,
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


async def _start_canary(
    parts: Assembly,
    config: Config,
    address: tuple[str, int],
    ids: Ids,
    tasks: asyncio.TaskGroup,
    doors: contextlib.AsyncExitStack,
) -> None:
    every = canary_every(config.canary, "[canary]")
    if every is None:
        await parts.canary.begin("127.0.0.1", 0, None)
        return
    peer = CanaryPeer()
    await parts.canary.begin(*await peer.start(), every)
    doors.push_async_callback(peer.stop)
    rounds = Rounds(parts.canary, address, lambda: ids.token(18), every)
    doors.callback(tasks.create_task(rounds.run()).cancel)


def _metrics_token(config: Config) -> Secret[str] | None:
    reference = config.metrics.token
    return reveal_reference(reference, config.folder) if reference else None


async def _start_web(
    application: FastAPI, web_socket: socket.socket, tasks: asyncio.TaskGroup
) -> tuple[uvicorn.Server, "asyncio.Task[None]"]:
    server = _Server(
        uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            # Whoever says where a request comes from could get round the sign-in limit.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            lifespan="off",
        )
    )
    serving = tasks.create_task(server.serve(sockets=[web_socket]))
    while not server.started:
        if serving.done():
            raise OperatorFault("web", "the web server could not start")
        await asyncio.sleep(0.005)
    return server, serving


class _Server(uvicorn.Server):
    """A server inside of our loop: signals are not its business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs the process."""
        yield


async def _stop_web(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    server.should_exit = True
    await serving


async def _end_sessions(parts: Assembly, listener: PostgresListener) -> None:
    """Cut the sessions, and give them a moment to be sealed and logged.

    What is held is set aside first, so that its client hears where it can go on.
    """
    await parts.arrivals.stop()
    await parts.holding.stop()
    await listener.stop(_GOODBYE)
    for _ in range(200):
        if not len(parts.sessions.live):
            break
        await asyncio.sleep(0.01)
    parts.plane.events.close()


async def _conclude(
    parts: Assembly, store: SqlStore, recorder: FileRecorder, clock: Clock, ids: Ids
) -> None:
    """Say in the log that the server has stopped, behind all that it did."""
    await recorder.stop()
    await parts.history.flush()
    await parts.learning.flush()
    await store.commit((), (administration.happened(ids, EntryKind.SERVER_STOPPED, clock),))
    await store.publish()


def _person(person: PersonConfig, folder: Path) -> administration.Person:
    hashed = reveal_reference(person.password, folder) if person.password else None
    return administration.Person(
        person.name,
        person.display_name,
        frozenset(person.groups),
        person.disabled,
        hashed,
        since=parse_day(person.since, "since"),
        time_zone=person.time_zone,
        verified=not person.unverified,
        verified_by=person.verified_by,
        verified_at=parse_day(person.verified_on, "verified_on"),
    )


def _network_book(config: Config, clock: Clock) -> NetworkBook:
    """Return what the configured files say of addresses; without any, which /24 each is in."""
    network = config.network

    def path(name: str) -> Path | None:
        return config.folder / name if name else None

    return NetworkBook(
        Files(
            city=path(network.city),
            country=path(network.country),
            asn=path(network.asn),
            anonymous=path(network.anonymous),
            hosting_networks=path(network.hosting_networks),
            lists={kind: config.folder / name for kind, name in network.lists.items()},
            reputation=path(network.reputation),
            zones=dict(network.zones),
        ),
        clock,
    )


async def _keep_networks_fresh(book: NetworkBook, hearing: Hearing) -> None:
    """Read the files that changed again, and say so."""
    while True:
        await asyncio.sleep(_NETWORKS_EVERY_S)
        news = await asyncio.to_thread(book.refresh)
        for words in news:
            _log.info("network-files", what=words)
        if news:
            hearing.networks_refreshed()


def _target(target: TargetConfig, folder: Path) -> administration.TargetDescription:
    authority = target.certificate_authority and str(folder / target.certificate_authority)
    return administration.TargetDescription(
        name=target.name,
        protocol=target.protocol,
        host=target.host,
        port=target.port,
        database=target.database,
        user=target.user,
        credential=target.password,
        environment=target.environment,
        tls=target.tls,
        certificate_authority=authority,
        owners=frozenset(target.owners),
        labels={name: frozenset(labels) for name, labels in target.labels.items()},
        search_path=target.search_path,
        databases=target.databases,
        estimate=target.estimate,
        count_exactly=target.count_exactly,
        without_catalogue=target.unsafe_without_catalogue,
        longest_grant_s=longest_grant_s(target, "longest_grant"),
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as fault:
        listening.close()
        raise OperatorFault(
            "address-in-use", f"`{host}:{port}` cannot be listened on ({fault.strerror})"
        ) from fault
    listening.listen(512)
    return listening


def _audit_key(data: Path) -> bytes:
    """Return the key that signs the log. A log that exists is never signed by another one."""
    path = data / "audit.key"
    if not path.exists() and (data / STORE_FILE_NAME).exists():
        raise OperatorFault(
            "audit-key-missing",
            f"`{path}` is gone, and the log beside it was signed with it: restore it from your "
            "backup, or begin a new log in another data folder",
        )
    return _key(path)


def _data_folder(config: Config) -> Path:
    """Return the data folder, made for its owner alone when it is not there."""
    folder = config.folder / config.server.data
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        words = f"`{folder}` cannot be made ({fault.strerror}); name another folder"
        raise OperatorFault("data-folder", words, "[server] data") from fault
    return folder


def _key(path: Path) -> bytes:
    """Return the 32 bytes of a key file, made with mode 0600 when it is not there."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(32))
    key = path.read_bytes()
    if len(key) != 32:
        raise OperatorFault("key", f"`{path}` must hold 32 bytes; restore it from your backup")
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


__all__: Sequence[str] = ("Gateway", "load_policies", "running")
