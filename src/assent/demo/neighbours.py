"""What stands beside the shop's database in the demo: an API, a server for SSH, tools for agents.

All listen on loopback and let nobody in but who has the secret that the demo makes for the gateway;
they have an account of their own at the database. No package of the system is needed.
"""

import asyncio
import os
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

from assent.core.secret import Secret
from assent.demo import child, programs
from assent.demo.database import HOST, Database

if TYPE_CHECKING:
    import asyncssh
    from aiohttp import web

ACCOUNT = "shop_tools"
_COMMAND_WITHIN_S = 10.0
_MOST_ARGUMENTS = 4096


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What runs beside the shop, and with what the gateway signs in there.

    folder: where commands run. host_key: of the server for SSH; ssh_key: what opens it.
    """

    folder: Path
    api_port: int
    api_token: Secret[str]
    ssh_port: int
    host_key: str
    ssh_key: Secret[str]
    account_password: Secret[str]


@asynccontextmanager
async def start(folder: Path, shop: Database) -> AsyncIterator[Neighbours]:
    """Run all of them until the block is left. folder: where the server for SSH runs commands."""
    import asyncssh
    from aiohttp import web

    _write_notes(folder)
    password, token = Secret(secrets.token_urlsafe(18)), Secret(secrets.token_urlsafe(18))
    await _make_account(shop, password)
    await let_in(shop)
    pool = await asyncpg.create_pool(
        host=shop.host, port=shop.port, database=shop.name, user=ACCOUNT,
        password=password.reveal(), min_size=0, max_size=2,
    )  # fmt: skip
    runner = web.AppRunner(_api(pool, token), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    host_key, own_key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    try:
        await site.start()
        async with await _ssh_server(folder, host_key, own_key) as server:
            yield Neighbours(
                folder,
                int(runner.addresses[0][1]),
                token,
                server.get_port(),
                host_key.export_public_key().decode().strip(),
                Secret(own_key.export_private_key().decode()),
                password,
            )
    finally:
        await runner.cleanup()
        pool.terminate()


def _write_notes(folder: Path) -> None:
    """Make the folder in which commands run, with something to read; who runs them owns it."""
    owner, notes = programs.owner(), folder / "notes.txt"
    folder.mkdir(parents=True, exist_ok=True)
    notes.write_text("the lamp was asked for twice\n", encoding="utf-8")
    for path in (folder, notes):
        os.chown(path, owner.uid, owner.gid)


async def let_in(shop: Database) -> None:
    """Give the account its rights on the tables as they are now: see orders, set their state."""
    connection = await shop.connect(as_superuser=False)
    try:
        await connection.execute(f"grant select, update (state) on orders to {ACCOUNT}")
    finally:
        await connection.close()


async def _make_account(shop: Database, password: Secret[str]) -> None:
    connection = await shop.connect()
    try:
        # Both are ours: a name from code and a token of URL-safe base64.
        await connection.execute(f"create role {ACCOUNT} login password '{password.reveal()}'")
    finally:
        await connection.close()


def _api(pool: "asyncpg.Pool[Any]", token: Secret[str]) -> "web.Application":
    """Return the API: `GET /orders/{id}` and `PATCH /orders/{id}` with the new `state`."""
    from aiohttp import web

    @web.middleware
    async def signed_in(request: web.Request, handler: Any) -> web.StreamResponse:
        shown = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(shown, f"Bearer {token.reveal()}".encode()):
            raise web.HTTPUnauthorized
        answer: web.StreamResponse = await handler(request)
        return answer

    async def read(request: web.Request) -> web.Response:
        row = await pool.fetchrow("select id, item, state from orders where id = $1", _id(request))
        return _answer(row)

    async def change(request: web.Request) -> web.Response:
        body = await request.json()
        statement = "update orders set state = $2 where id = $1 returning id, item, state"
        return _answer(await pool.fetchrow(statement, _id(request), str(body["state"])))

    def _id(request: web.Request) -> int:
        return int(request.match_info["id"])

    def _answer(row: asyncpg.Record | None) -> web.Response:
        if row is None:
            raise web.HTTPNotFound
        return web.json_response(dict(row))

    application = web.Application(middlewares=[signed_in])
    application.router.add_get(r"/orders/{id:\d{1,9}}", read)
    application.router.add_patch(r"/orders/{id:\d{1,9}}", change)
    return application


async def _ssh_server(
    folder: Path, host_key: "asyncssh.SSHKey", own_key: "asyncssh.SSHKey"
) -> "asyncssh.SSHAcceptor":
    """Return a server that runs commands in `folder`, as an unprivileged user, for that key."""
    import asyncssh

    async def run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        if process.command is None or len(process.command) > _MOST_ARGUMENTS:
            process.exit(1)
            return
        process.exit(await _run(process, folder, process.command))

    allowed = asyncssh.import_authorized_keys(own_key.export_public_key().decode())
    return await asyncssh.listen(
        HOST, 0, server_host_keys=[host_key], authorized_client_keys=allowed,
        process_factory=run, encoding=None, password_auth=False, kbdint_auth=False,
    )  # fmt: skip


async def _run(process: "asyncssh.SSHServerProcess[bytes]", folder: Path, command: str) -> int:
    """Run a command by the shell to its end, and return its exit status."""

    owner = programs.owner()
    wrapper = [sys.executable, "-I", child.__file__, str(owner.uid), str(owner.gid)]
    running = await asyncio.create_subprocess_exec(
        *wrapper, str(os.getpid()), "/bin/sh", "-c", command,
        stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(_COMMAND_WITHIN_S):
            out, err = await running.communicate()
    except TimeoutError:
        running.kill()
        await running.wait()
        return 124
    process.stdout.write(out)
    process.stderr.write(err)
    return running.returncode or 0
