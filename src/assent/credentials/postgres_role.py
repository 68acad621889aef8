"""A role in the target for every session, with the privileges that its permits name and no others.

The rights are a role's that nobody can log in as, one for each set of privileges, so that a
session costs one membership; its own role has a random password, one connection, and a minute
to use it. The target's configured account makes them, and needs CREATEROLE.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from hashlib import sha256
from typing import Any, TypeVar

import asyncpg
import structlog

from assent.core.clock import Clock
from assent.core.faults import Fault, OperatorFault, OutsideFault
from assent.core.ids import Ids
from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session
from assent.credentials import role_lookups as lookups
from assent.credentials import role_statements as statements
from assent.credentials.quoting import identifier, literal
from assent.credentials.references import References
from assent.credentials.role_statements import Grant, Relation, SessionRole

Connect = Callable[[Target, str, str, Secret[str]], AbstractAsyncContextManager[Any]]
"""Connects to a database of a target as a user with a password."""

# A session's role is for the gateway alone, which dials at once.
_LOGS_IN_WITHIN = timedelta(minutes=1)
# Another installation's role may be late at its end; only then is it taken for left behind.
_GRACE_S = 600
_IDLE_SETS_FOR_S = 24 * 3600
_LOCK = int.from_bytes(sha256(b"assent: roles of sets of privileges").digest()[:8], "big") >> 1
_TRIES = 3

_log = structlog.get_logger("credentials")
T = TypeVar("T")


class PostgresRoleBroker:
    """Makes a role for each session and takes it away after it.

    installation: tells our sessions from those of other gateways before the same server.
    """

    def __init__(
        self, references: References, connect: Connect, clock: Clock, ids: Ids, installation: str
    ) -> None:
        self._references = references
        self._connect = connect
        self._clock = clock
        self._ids = ids
        self._installation = installation
        # From before the role is made: a sweep must not take it for left behind meanwhile.
        self._leased: set[str] = set()

    def needs_privileges(self, target: Target) -> bool:
        """Return that roles are made of them."""
        return True

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return the account that makes the roles. Raises OutsideFault or OperatorFault."""
        return target.user, await self._references.reveal(target.credential)

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return a new role's name and password. Raises OutsideFault or OperatorFault."""
        if privileges is None:
            words = f"what sessions on `{target.name}` may do is not known, so no role can be made"
            raise OperatorFault("privileges-unknown", words)
        name = statements.SESSION_PREFIX + session.id.removeprefix("ses_")
        password = Secret(self._ids.token(24))
        self._leased.add(name)

        async def make(connection: Any) -> None:
            await self._make(connection, target, session, privileges, name, password)

        try:
            await self._at(target, session.database, make)
        except Fault:
            self._leased.discard(name)
            raise
        return Lease(name, password, handle=f"{name} {session.database}")

    async def release(self, target: Target, lease: Lease) -> None:
        """Take the role away, with what it still runs; the sweep tries again what fails."""
        name, _, database = lease.handle.partition(" ")
        if not name:
            return
        try:
            await self._take_away(target, name, database, self._drop)
        finally:
            self._leased.discard(name)

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Take away roles of sessions that are over and sets that long had no member."""
        alive = {handle.partition(" ")[0] for handle in live}

        async def look(connection: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
            async with lookups.plainly(connection):
                _, now_s = await connection.fetchrow(lookups.SERVER)
                roles = [
                    (name, database)
                    for name, comment in await lookups.session_roles(connection)
                    if (database := self._is_over(name, comment, alive | self._leased, now_s))
                ]
                sets = [
                    (name, database)
                    for name, comment in await lookups.idle_sets(connection)
                    if (database := _is_idle(comment, now_s))
                ]
                return roles, sets

        roles, sets = await self._at(target, target.database, look)
        taken = []
        for found, drop in ((roles, self._drop), (sets, self._drop_set)):
            for name, database in found:
                if await self._take_away(target, name, database, drop):
                    taken.append(name)
        return taken

    async def _take_away(
        self,
        target: Target,
        name: str,
        database: str,
        drop: Callable[[Any, Target, str, str], Awaitable[None]],
    ) -> bool:
        try:
            await self._at(
                target, database, lambda connection: drop(connection, target, name, database)
            )
        except Fault as fault:
            _log.warning("role-left", target=target.name, role=name, detail=fault.detail)
            return False
        return True

    def _is_over(
        self, name: str, comment: str | None, alive: Collection[str], now_s: int
    ) -> str | None:
        """Return the database of a session's role that nobody uses any more."""
        said = _said(comment, "session")
        if said is None:
            return None
        ours = said.get("installation") == self._installation and name not in alive
        ends_at_s = said.get("ends_at_s")
        late = isinstance(ends_at_s, int) and ends_at_s + _GRACE_S < now_s and name not in alive
        return str(said.get("database", "")) or None if ours or late else None

    async def _make(
        self,
        connection: Any,
        target: Target,
        session: Session,
        privileges: Privileges,
        name: str,
        password: Secret[str],
    ) -> None:
        async with lookups.plainly(connection):
            version, now_s = await connection.fetchrow(lookups.SERVER)
            grants = await _grants(connection, target, privileges)
            # In a thread, as tens of thousands of tables would hold up the sessions of others.
            member_of = await asyncio.to_thread(statements.set_name, session.database, grants)
            await _ensure_set(connection, member_of, session.database, now_s, grants)
            # By the server's clock, which judges it.
            lasts_s = int((privileges.until - self._clock.now()).total_seconds())
            login_s = min(lasts_s, int(_LOGS_IN_WITHIN.total_seconds()))
            role = SessionRole(
                name=name,
                member_of=member_of,
                verifier=statements.scram_verifier(
                    password, sha256(self._ids.token(16).encode()).digest()[:16]
                ),
                valid_until=await connection.fetchval(
                    "select pg_catalog.to_timestamp($1::bigint)::text", now_s + login_s
                ),
                comment={
                    "assent": "session",
                    "installation": self._installation,
                    "session": session.id,
                    "database": session.database,
                    "ends_at_s": now_s + lasts_s,
                },
                read_only=privileges.read_only,
                timeout=privileges.timeout,
                search_path=target.search_path,
            )
            await connection.execute(statements.session_role(role, version))

    async def _drop(self, connection: Any, target: Target, name: str, database: str) -> None:
        """Take a session's role away: first the way in, then what runs, then what it left."""
        async with lookups.plainly(connection):
            oid = await connection.fetchval(lookups.EXISTS, name)
            if oid is None:
                return
            version, _ = await connection.fetchrow(lookups.SERVER)
            await connection.execute(f"alter role {identifier(name)} nologin connection limit 0")
            await connection.execute(statements.join(name, version))
        # Behind a commit, so that nobody comes in while those who are there leave.
        async with lookups.plainly(connection):
            await connection.fetch(lookups.TERMINATE, name)
            left = await connection.fetch(lookups.LEFT, oid)
        for left_in, owns in left:
            if left_in not in ("", database):
                await self._disown_in(target, left_in, name, owns=owns)
        async with lookups.plainly(connection):
            here = [owns for left_in, owns in left if left_in in ("", database)]
            if here:
                await _disown(connection, name, version, owns=any(here))
            await connection.execute(f"drop role if exists {identifier(name)}")

    async def _disown_in(self, target: Target, database: str, name: str, *, owns: bool) -> None:
        async def disown(connection: Any) -> None:
            async with lookups.plainly(connection):
                version, _ = await connection.fetchrow(lookups.SERVER)
                await _disown(connection, name, version, owns=owns)

        await self._at(target, database, disown)

    async def _drop_set(self, connection: Any, target: Target, name: str, database: str) -> None:
        """Take a set's role away, unless a session has begun to use it."""
        async with lookups.plainly(connection):
            await connection.execute("select pg_catalog.pg_advisory_xact_lock($1)", _LOCK)
            idle = {row[0] for row in await lookups.idle_sets(connection)}
            if name not in idle:
                return
            version, _ = await connection.fetchrow(lookups.SERVER)
            await connection.execute(statements.join(name, version))
            await connection.execute(
                f"drop owned by {identifier(name)}; drop role {identifier(name)}"
            )

    async def _at(self, target: Target, database: str, work: Callable[[Any], Awaitable[T]]) -> T:
        """Return what `work` does on a connection; what collided with others is done again."""
        user, password = await self.standing(target)
        for left in reversed(range(_TRIES)):
            try:
                async with self._connect(target, database, user, password) as connection:
                    return await work(connection)
            except asyncpg.PostgresError as fault:
                if left and _collided(fault):
                    continue
                raise _refused(target, fault) from fault
            except (OSError, TimeoutError, asyncpg.InterfaceError) as fault:
                words = f"target `{target.name}` broke off while roles were made or taken away"
                raise OutsideFault("target-unreachable", words) from fault
        raise AssertionError("the last try returns or raises")


async def _grants(connection: Any, target: Target, privileges: Privileges) -> list[Grant]:
    """Return what can be granted; what the configured account cannot pass on is said and left."""
    found = await lookups.relations(connection, privileges)
    grants, lacking = await asyncio.to_thread(_chosen, found, read_only=privileges.read_only)
    inserted = [grant.relation.oid for grant in grants if grant.privilege == "insert"]
    for sequence in await lookups.sequences(connection, inserted):
        if sequence.grantable:
            grants.append(Grant(statements.USAGE, sequence))
    if lacking:
        _log.warning(
            "privileges-not-grantable", target=target.name, count=len(lacking), such_as=lacking[0]
        )
    return grants


def _chosen(
    found: list[tuple[Relation, Mapping[str, frozenset[str]]]], *, read_only: bool
) -> tuple[list[Grant], list[str]]:
    grants: list[Grant] = []
    lacking: list[str] = []
    for relation, verbs in found:
        granted, missing = statements.wanted(relation, verbs, read_only=read_only)
        grants += granted
        lacking += [f"{word} on {relation.schema}.{relation.name}" for word in missing]
    return grants, lacking


async def _ensure_set(
    connection: Any, name: str, database: str, now_s: int, grants: list[Grant]
) -> None:
    """Make the role of a set of privileges if it is not there; one maker at a time."""
    if await connection.fetchval(lookups.EXISTS, name) is not None:
        return
    await connection.execute("select pg_catalog.pg_advisory_xact_lock($1)", _LOCK)
    if await connection.fetchval(lookups.EXISTS, name) is None:
        await connection.execute(statements.set_role(name, database, now_s, grants))


async def _disown(connection: Any, name: str, version: int, *, owns: bool) -> None:
    """Take from a role all that it has in this database.

    What it made goes to a role without any rights. Ours must not have it: a function of a
    session's that runs with its owner's rights would run with ours from then on.
    """
    role, keeper = identifier(name), identifier(statements.KEEPER)
    if owns:
        if await connection.fetchval(lookups.EXISTS, statements.KEEPER) is None:
            comment = literal("owns what sessions left behind, and may do nothing")
            await connection.execute(
                f"create role {keeper} nologin; comment on role {keeper} is {comment}"
            )
        await connection.execute(statements.join(statements.KEEPER, version))
        await connection.execute(f"reassign owned by {role} to {keeper}")
        _log.warning("session-left-objects", role=name, now_owned_by=statements.KEEPER)
    await connection.execute(f"drop owned by {role}")


def _said(comment: str | None, kind: str) -> Mapping[str, object] | None:
    """Return what a role's comment says, None where it is not one of ours."""
    try:
        said = json.loads(comment or "")
    except ValueError:
        return None
    return said if isinstance(said, dict) and said.get("assent") == kind else None


def _is_idle(comment: str | None, now_s: int) -> str | None:
    said = _said(comment, "set")
    made_at_s = said.get("made_at_s") if said else None
    if said is None or not isinstance(made_at_s, int) or made_at_s + _IDLE_SETS_FOR_S > now_s:
        return None
    return str(said.get("database", "")) or None


def _collided(fault: asyncpg.PostgresError) -> bool:
    """Return whether somebody did something of the kind at the same moment."""
    kinds = (
        asyncpg.SerializationError,
        asyncpg.DeadlockDetectedError,
        asyncpg.UniqueViolationError,
        asyncpg.DuplicateObjectError,
        asyncpg.UndefinedObjectError,
    )
    return isinstance(fault, kinds) or "tuple concurrently" in str(fault)


def _refused(target: Target, fault: asyncpg.PostgresError) -> Fault:
    """Return a fault with the server's SQLSTATE; its own words may name anything."""
    sqlstate = getattr(fault, "sqlstate", None) or "?????"
    if isinstance(fault, asyncpg.InsufficientPrivilegeError):
        words = (
            f"`{target.user}` may not make roles on target `{target.name}` (SQLSTATE {sqlstate}); "
            "give it CREATEROLE, and own or WITH GRANT OPTION what sessions may reach"
        )
        return OperatorFault("role-privileges", words)
    words = f"target `{target.name}` refused to make or take away a role (SQLSTATE {sqlstate})"
    return OutsideFault("role-refused", words)
