"""The gateway's own connection to a target: for what it has to know, never for a client's words."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from assent.core.faults import OutsideFault
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway.certificates import target_side
from assent.gateway.no_cleartext import GuardedLoop

CONNECTED_WITHIN_S = 5.0
ANSWERED_WITHIN_S = 20.0
_CLOSED_WITHIN_S = 2.0


@asynccontextmanager
async def own_connection(
    target: Target, database: str, user: str, password: Secret[str]
) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection to a database of a target, as the `application_name` assent.

    TLS is as strict as `target.tls`, and a password goes out in the clear only inside of TLS
    with a verified certificate. Every command has ANSWERED_WITHIN_S unless it says
    otherwise. Raises OutsideFault `target-unreachable` when there is none to be had; what the
    body raises stays as it is. Nothing is set on the server: poolers in between hand
    connections on, and only what a transaction sets for itself ends with it.
    """
    connection = await _connected(target, database, user, password)
    try:
        yield connection
    except BaseException:
        # Whatever it is in the midst of, nobody waits for its end.
        connection.terminate()
        raise
    await _closed(connection)


async def _connected(
    target: Target, database: str, user: str, password: Secret[str]
) -> asyncpg.Connection:
    try:
        async with asyncio.timeout(CONNECTED_WITHIN_S):
            if target.tls != "prefer":
                encryption = None if target.tls == "disable" else target_side(target)
                return await _dialled(target, database, user, password, encryption)
            try:
                return await _dialled(target, database, user, password, target_side(target))
            except ConnectionError:
                # It does not speak TLS, or is away, which the second attempt says as well.
                return await _dialled(target, database, user, password, None)
    except TimeoutError as fault:
        raise OutsideFault(
            "target-unreachable",
            f"target `{target.name}` did not answer the gateway's own connection within "
            f"{CONNECTED_WITHIN_S:.0f} s",
        ) from fault
    except ssl.SSLError as fault:
        raise OutsideFault(
            "target-unreachable",
            f"the gateway's own connection to target `{target.name}` cannot be encrypted as "
            f"`tls = {target.tls}` asks for",
        ) from fault
    except asyncpg.PostgresError as fault:
        raise OutsideFault(
            "target-unreachable",
            f"target `{target.name}` refused the gateway's own connection to "
            f"`{database[:80]}` (SQLSTATE {fault.sqlstate})",
        ) from fault
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as fault:
        raise OutsideFault(
            "target-unreachable", f"target `{target.name}` cannot be reached by the gateway itself"
        ) from fault


async def _dialled(
    target: Target,
    database: str,
    user: str,
    password: Secret[str],
    encryption: ssl.SSLContext | None,
) -> asyncpg.Connection:
    """Connect with all that the environment of the process could otherwise put in place."""
    loop = GuardedLoop(asyncio.get_running_loop(), encryption is not None)
    try:
        return await asyncpg.connect(
            host=target.host,
            port=target.port,
            user=user,
            password=password.reveal(),
            database=database,
            ssl=encryption or False,
            direct_tls=False,
            target_session_attrs="any",
            # A pooler in between may give the next transaction another server process.
            statement_cache_size=0,
            timeout=CONNECTED_WITHIN_S,
            command_timeout=ANSWERED_WITHIN_S,
            server_settings={"application_name": "assent"},
            loop=None if target.tls == "verify" else loop,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        if loop.refused:
            raise OutsideFault(
                "target-unreachable",
                f"target `{target.name}` wants the gateway's own password in the clear; that is "
                "sent only inside TLS with a verified certificate",
            ) from fault
        raise


async def _closed(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=_CLOSED_WITHIN_S)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
