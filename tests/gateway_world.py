"""A real gateway process before a real PostgreSQL, and what tests do with the two.

The database and the gateway are processes of their own, end with the tests whatever happens,
and listen on free ports of loopback. Nothing here sleeps for a guessed time: it looks again
until a deadline.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx2

from assent import app, config
from assent.core.clock import Clock
from assent.demo import child, database, world
from assent.demo.database import Database
from assent.demo.world import World

Result = TypeVar("Result")

TARGET = world.TARGET
_STARTED_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.02


def eventually(probe: Callable[[], Result | None], what: str, within_s: float = 10.0) -> Result:
    """Return the first true answer of `probe`; fail when there is none in time."""
    deadline = time.monotonic() + within_s
    while True:
        if answer := probe():
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(_LOOK_EVERY_S)


class Loop:
    """An event loop in a thread that lives as long as the processes it started.

    Linux ends a child with the *thread* that made it (PR_SET_PDEATHSIG), so a short-lived
    thread will not do, and pytest's loops live for one test only.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what `work` returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)

    def begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Begin `work` and return its future."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def tell(self, event: asyncio.Event) -> None:
        """Set an event of this loop."""
        self._loop.call_soon_threadsafe(event.set)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass(frozen=True, slots=True)
class Shop:
    """The PostgreSQL behind the gateway, and a way to ask it directly."""

    database: Database
    loop: Loop

    def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that the superuser runs, past the gateway."""

        async def ask() -> list[tuple[Any, ...]]:
            connection = await self.database.connect()
            try:
                return [tuple(row) for row in await connection.fetch(statement, *arguments)]
            finally:
                await connection.close()

        return self.loop.run(ask())

    def value(self, statement: str, *arguments: object) -> Any:
        """Return the first value of the first row."""
        rows = self.query(statement, *arguments)
        return rows[0][0] if rows else None

    def run(self, script: str) -> None:
        """Run statements as the role that owns the shop, past the gateway."""

        async def work() -> None:
            connection = await self.database.connect(as_superuser=False)
            try:
                await connection.execute(script)
            finally:
                await connection.close()

        self.loop.run(work())

    def refill(self) -> None:
        """Put the tables and rows back as they were, for whoever comes next."""
        self.loop.run(database.fill(self.database))

    def program(self, name: str) -> str:
        """Return the path of a client program of the server's own release."""
        return str(self.database.bin / name)

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.value(f"select count(*) from {table}"))


@contextmanager
def shop(folder: Path) -> Iterator[Shop]:
    """Run a PostgreSQL with the demo's shop in it."""
    loop = Loop()
    try:
        running = database.start(folder)
        started = loop.run(running.__aenter__())
        try:
            yield Shop(started, loop)
        finally:
            loop.run(running.__aexit__(None, None, None))
    finally:
        loop.close()


@dataclass(frozen=True, slots=True)
class Credential:
    """What a client connects with."""

    host: str
    port: int
    user: str
    password: str
    database: str
    grant: str

    @property
    def url(self) -> str:
        """The address with the password in it."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"

    @property
    def keywords(self) -> dict[str, Any]:
        """Arguments as asyncpg, psycopg and pg8000 take them."""
        return {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
        }

    def environment(self, **more: str) -> dict[str, str]:
        """Environment for programs that use libpq; nothing of the caller's own leaks in."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return kept | {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "LC_ALL": "C.UTF-8",
            **more,
        }


@dataclass(slots=True)
class Gateway:
    """A running Assent. process: of `assent serve`, None when it runs inside of this one.

    log: the file with all that `assent serve` printed. addresses: of the doors beside PostgreSQL's
    that listen: `ssh`, `http`, `tcp`.
    """

    world: World
    url: str
    postgres: tuple[str, int]
    process: subprocess.Popen[bytes] | None
    log: Path
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _client: httpx2.Client | None = None

    def call(
        self, name: str, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx2.Response:
        """Return the API's answer to this person."""
        headers = {"authorization": f"Bearer {self._token(name)}"}
        return self._http().request(method, self.url + path, json=body, headers=headers)

    def answer(self, name: str, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON that the API answers; fail when it refuses."""
        response = self.call(name, method, path, body)
        assert response.is_success, f"{method} {path} for {name}: {response.text}"
        return response.json() if response.content else None

    def connect_as(
        self, name: str, *, connections: int = 1, for_s: int | None = None, target: str = TARGET
    ) -> Credential:
        """Return a credential, as `assent connect` prints it.

        for_s: so long and no longer: whatever access is left from before is given back first, for
        a session rests on all that there is.
        """
        if for_s is not None:
            self.give_back(name, target)
        body = {"target": target, "connections": connections}
        if for_s is not None:
            body["for_s"] = for_s
        opened = self.answer(name, "POST", "/v1/connect", body)
        host, port = self.postgres
        return Credential(
            host, port, opened["user"], opened["password"], opened["database"],
            opened["grant"]["id"],
        )  # fmt: skip

    def give_back(self, name: str, target: str = "shop") -> None:
        """Leave this person no access to the target that another test got for them."""
        held = self.answer(name, "GET", "/v1/grants")["items"]
        if any(one["target"] == target and one["state"] == "active" for one in held):
            self.answer(name, "POST", "/v1/grants/give-back", {"what": target})

    def step_up(self, name: str) -> None:
        """Confirm this person's password once more."""
        password = self.world.people[name].password.reveal()
        self.answer(name, "POST", "/v1/step-up", {"password": password})

    def request(self, request: str, name: str = "ana") -> dict[str, Any]:
        """Return a request."""
        found: dict[str, Any] = self.answer(name, "GET", f"/v1/requests/{request}")
        return found

    def wait_for_request(self, words: str, name: str = "ana") -> str:
        """Return the id of this person's pending request whose text contains `words`."""

        def look() -> str | None:
            path = "/v1/requests?state=pending&mine=true"
            for item in self.answer(name, "GET", path)["items"]:
                if words in item["action"]["text"]:
                    return str(item["id"])
            return None

        return eventually(look, f"a pending request of {name} with `{words}`")

    def wait_until(self, request: str, *states: str, name: str = "ana") -> dict[str, Any]:
        """Return the request once it is in one of these states."""

        def look() -> dict[str, Any] | None:
            found = self.request(request, name)
            return found if found["state"] in states else None

        return eventually(look, f"{request} is {' or '.join(states)}")

    def approve(self, request: str, *names: str) -> None:
        """Assent to it, as Ben unless other names are given."""
        for name in names or ("ben",):
            self.answer(name, "POST", f"/v1/requests/{request}/approve", {"comment": "fine"})

    def reject(self, request: str, name: str = "ben") -> None:
        """Refuse it."""
        self.answer(name, "POST", f"/v1/requests/{request}/reject", {"comment": "not now"})

    def approve_next(self, words: str, *names: str) -> str:
        """Wait for the request with these words, assent to it, and return its id."""
        request = self.wait_for_request(words)
        self.approve(request, *names)
        return request

    def reject_next(self, words: str) -> str:
        """Wait for the request with these words, refuse it, and return its id."""
        request = self.wait_for_request(words)
        self.reject(request)
        return request

    def explanation(self, thing: str, name: str = "carl") -> dict[str, Any]:
        """Return all that is known about a request, session or entry."""
        found: dict[str, Any] = self.answer(name, "GET", f"/v1/explain/{thing}")
        return found

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process of `assent serve`."""
        assert self.process is not None, "it runs inside of this process"
        return self.process

    def printed(self) -> str:
        """Return all that the process printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self, within_s: float = 20.0) -> int:
        """End it as an operator would, and return its exit code."""
        self.forget()
        process = self.running
        process.terminate()
        return process.wait(within_s)

    def kill(self) -> None:
        """End it at once: kill -9."""
        self.forget()
        process = self.running
        process.kill()
        process.wait(10)

    def forget(self) -> None:
        """Close the connections of `call`; the next one opens new ones."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _http(self) -> httpx2.Client:
        if self._client is None:
            self._client = httpx2.Client(timeout=30, trust_env=False)
        return self._client

    def _token(self, name: str) -> str:
        if name not in self._tokens:
            password = self.world.people[name].password.reveal()
            body = {"name": name, "password": password}
            answer = self._http().post(self.url + "/v1/login", json=body)
            assert answer.is_success, answer.text
            self._tokens[name] = answer.json()["token"]
        return self._tokens[name]


def template(folder: Path, behind: Shop) -> World:
    """Write the demo's world into `folder`, for `create_world` to copy: hashing is slow."""
    return behind.loop.run(world.create(folder, behind.database, usual_ports=False))


def create_world(
    folder: Path,
    copied: World,
    *,
    policies: Mapping[str, str] | None = None,
    change: Sequence[tuple[str, str]] = (),
    more: str = "",
) -> World:
    """Copy a world into `folder`, listening on ports that are free when it starts.

    policies: file name → text, instead of the demo's. change: regular expressions and what
    they are replaced with in the configuration; each must fit. more: what stands at its end, such
    as further targets.
    """
    shutil.copytree(copied.folder, folder, dirs_exist_ok=True)
    people = {
        name: replace(
            person,
            password_file=folder / person.password_file.relative_to(copied.folder),
            home=folder / "home" / name,
        )
        for name, person in copied.people.items()
    }
    created = World(folder, folder / copied.config.name, "", people)
    if policies is not None:
        for old in (folder / "policies").iterdir():
            old.unlink()
        for name, text in policies.items():
            (folder / "policies" / name).write_text(text, encoding="utf-8")
    text = created.config.read_text(encoding="utf-8")
    free_ports = ((r'listen = ".*"', 'listen = "127.0.0.1:0"'), (r"public_url = .*\n", ""))
    for pattern, replacement in (*free_ports, *change):
        text, times = re.subn(pattern, replacement, text)
        assert times, f"`{pattern}` is not in the configuration"
    created.config.write_text(f"{text}\n{more}", encoding="utf-8")
    return created


def spawn(created: World, log: Path, *before: str) -> subprocess.Popen[bytes]:
    """Start `assent serve`; it dies with this process. before: a program that starts it."""
    words = [sys.executable, "-m", "assent", "serve", "--config", str(created.config)]
    tied = [sys.executable, "-I", child.__file__, str(os.geteuid()), str(os.getegid())]
    with log.open("ab") as stream:
        return subprocess.Popen(
            [*tied, str(os.getpid()), *(before or ()), *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        )


def start(created: World, *before: str) -> Gateway:
    """Start `assent serve` on a world and return once it listens."""
    log = created.folder / f"serve-{time.monotonic_ns()}.log"
    process = spawn(created, log, *before)

    def listens() -> tuple[str, str, int] | None:
        text = log.read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, text
        match = re.search(r"API: (\S+)\s+PostgreSQL:\s+(\S+):(\d+)", text)
        others = dict(_others(text))
        if match is None or set(others) != _doors_of(created):
            return None
        addresses.update(others)
        return (match[1], match[2], int(match[3]))

    addresses: dict[str, tuple[str, int]] = {}

    try:
        url, host, port = eventually(listens, "the gateway listens", _STARTED_WITHIN_S)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Gateway(created, url, (host, port), process, log, addresses)


def _others(text: str) -> Iterator[tuple[str, tuple[str, int]]]:
    for found in re.finditer(r"^(SSH|HTTP|TCP): +(\S+):(\d+)$", text, re.MULTILINE):
        yield found[1].lower(), (found[2], int(found[3]))


def _doors_of(created: World) -> set[str]:
    tree = tomllib.loads(created.config.read_text(encoding="utf-8"))
    return {name for name in ("ssh", "http", "tcp") if tree.get(name, {}).get("listen")}


@contextmanager
def serving(created: World, *before: str) -> Iterator[Gateway]:
    """Run `assent serve` on a world while the block lasts."""
    gateway = start(created, *before)
    try:
        yield gateway
    finally:
        try:
            if gateway.running.poll() is None:
                gateway.stop()
        finally:
            gateway.forget()
            if gateway.running.poll() is None:
                gateway.kill()


@contextmanager
def serving_inside(created: World, loop: Loop, clock: Clock | None = None) -> Iterator[Gateway]:
    """Run Assent in this process, in the thread of `loop`, where a test can reach into it."""
    told, up = asyncio.Event(), threading.Event()
    addresses: list[tuple[str, tuple[str, int]]] = []
    others: dict[str, tuple[str, int]] = {}

    async def serve() -> None:
        try:
            async with app.running(config.load(created.config), clock=clock) as running:
                addresses.append((running.api_url, running.postgres_address))
                others.update(running.addresses)
                up.set()
                await told.wait()
        finally:
            up.set()

    ended = loop.begin(serve())
    try:
        up.wait(_STARTED_WITHIN_S)
        if ended.done():
            ended.result()
        gateway = Gateway(created, *addresses[0], None, created.folder / "none.log", others)
        try:
            yield gateway
        finally:
            gateway.forget()
    finally:
        loop.tell(told)
        ended.result(20)


def assent(
    gateway: Gateway, name: str, *arguments: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one `assent` command as this person, who signs in first if need be.

    typed: what they type at it.
    """
    home = gateway.world.people[name].home
    marker = home / gateway.url.rpartition(":")[2]
    if arguments[:1] != ("login",) and not marker.exists():
        file = str(gateway.world.people[name].password_file)
        done = assent(gateway, name, "login", gateway.url, "--name", name, "--password-file", file)
        assert done.returncode == 0, done.stderr
        marker.touch()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "ASSENT"))}
    return subprocess.run(
        [sys.executable, "-m", "assent", *arguments],
        env=kept | {"ASSENT_HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def asyncpg_connect(credential: Credential, **options: Any) -> asyncpg.Connection:
    """Connect with asyncpg, without TLS unless told otherwise."""
    usual = {"ssl": False, "timeout": 15, "database": credential.database}
    return await asyncpg.connect(**(credential.keywords | usual | options))
