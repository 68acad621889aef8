"""Every route of the running application, and calling it as somebody in a role."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from assent import web
from assent.api import authorization as api_doors
from assent.api import build_app
from assent.core.changes import PutSubject
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import TokenKind
from assent.web import authorization as web_doors
from assent.web.safety import form_token
from builders import PASSWORD, World, a_subject, a_world

URL = "http://assent.test"
MATRIX = Path(__file__).parent / "authorization" / "matrix.toml"
NOBODY = "nobody"
PEOPLE: Mapping[str, Subject] = {
    "requester": a_subject("rita", "engineers"),
    "approver": a_subject("abel", "dba"),
    "operator": a_subject("otto", "operators"),
    "security": a_subject("sela", "security"),
    # An auditor stays one, whatever else they are.
    "auditor": a_subject("audrey", "auditors", "dba", "engineers", "security"),
    "administrator": a_subject("adam", "administrators"),
}
ROLES = (NOBODY, *PEOPLE)
_LONGEST_S = 20
_NEEDS = (api_doors.Needs, web_doors.Needs, web_doors.Acts)


@dataclass(frozen=True, slots=True)
class Door:
    """One route: its method and path, and what it says of who may pass, empty for nothing."""

    method: str
    path: str
    says: tuple[object, ...] = ()

    @property
    def row(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        return any(isinstance(one, (web_doors.Needs, web_doors.Acts)) for one in self.says)

    @property
    def needs(self) -> tuple[tuple[Permission, ...], ...]:
        """What it needs: of each of these one; empty for a public one."""
        return tuple(one.any_of for one in self.says if isinstance(one, _NEEDS))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; of a stream, only how it began."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_refused_at_the_door(self) -> bool:
        """Whether it says `not-signed-in` or `not-permitted`, as a problem or as a page."""
        leads_to = self.headers.get("location", "")
        # Signing out leads there too, and takes the cookie away.
        is_sent_to_sign_in = (
            self.status == 303
            and (leads_to == "/sign-in" or leads_to.startswith("/sign-in?next="))
            and "set-cookie" not in self.headers
        )
        is_not_permitted = self.status == 403 and "needs the permission" in self.text
        return self.status == 401 or is_sent_to_sign_in or is_not_permitted


def matrix() -> dict[str, frozenset[str]]:
    """Return who may pass each route, by `METHOD /path`."""
    tree = tomllib.loads(MATRIX.read_text())
    sets: dict[str, list[str]] = tree["who"]
    return {
        row: frozenset(sets[said] if isinstance(said, str) else said)
        for row, said in tree["routes"].items()
    }


def doors(app: FastAPI) -> list[Door]:
    """Return every route of the application, those of mounted ones too."""
    return list(_doors(app.routes, ""))


def _doors(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Door]:
    for route in routes:
        if isinstance(route, Mount):
            if route.routes:
                yield from _doors(route.routes, prefix + route.path)
            else:
                yield Door("MOUNT", prefix + route.path)
        elif isinstance(route, Route):
            says = tuple(_says(route.dependant)) if isinstance(route, APIRoute) else ()
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield Door(method, prefix + route.path, says)
        elif (router := getattr(route, "original_router", None)) is not None:
            # How FastAPI keeps a router that an application includes.
            added = getattr(route, "include_context").prefix  # noqa: B009 - no public type has it
            yield from _doors(router.routes, prefix + added)
        else:
            yield Door("ANY", prefix + getattr(route, "path", repr(route)))


def _says(dependant: Dependant) -> Iterator[object]:
    for one in dependant.dependencies:
        if isinstance(one.call, (*_NEEDS, api_doors.Public, web_doors.Public)):
            yield one.call


class House:
    """An application over a world, and somebody of every role in it."""

    def __init__(self, world: World, app: FastAPI) -> None:
        self.world, self.app = world, app
        self._tokens: dict[str, str] = {}

    async def token(self, role: str) -> str:
        """Return a token of that role that is good now: some routes end one."""
        kept = self._tokens.get(role)
        if kept is not None:
            answer = await self.call("GET", "/v1/whoami", {"authorization": f"Bearer {kept}"})
            if answer.status == 200:
                return kept
        subject = self.world.directory.subject(PEOPLE[role].id)
        secret, _ = await self.world.sign_in.issue(subject, TokenKind.BROWSER, "password")
        self._tokens[role] = secret.reveal()
        return secret.reveal()

    async def knock(
        self, door: Door, role: str, known: Mapping[str, str] | None = None, **headers: str
    ) -> Reply:
        """Call a route as somebody in that role. known: values for the parts of its path."""
        path = filled(door.path, known or {})
        method = "GET" if door.method in ("MOUNT", "ANY") else door.method
        sent, body = dict(headers), b""
        token = await self.token(role) if role != NOBODY else None
        if token is not None:
            sent |= {"authorization": f"Bearer {token}", "cookie": f"assent={token}"}
        if method != "GET" and door.is_page:
            body = urlencode({"csrf": form_token_of(token)}).encode()
            sent |= {"origin": URL, "content-type": "application/x-www-form-urlencoded"}
        elif method != "GET":
            body, sent["content-type"] = b"{}", "application/json"
        return await self.call(method, path, sent, body)

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        """Call the application as a server would; a stream is left as soon as it began."""
        path, _, query = path.partition("?")
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
            "query_string": query.encode(), "headers": [(b"host", b"assent.test"), *raw],
            "client": ("127.0.0.1", 50_000), "server": ("assent.test", 80), "state": {},
        }  # fmt: skip
        begun, parts, ended = {}, list[bytes](), asyncio.Event()  # type: ignore[var-annotated]
        bodies = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if bodies:
                return bodies.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
                named = {key.decode(): value.decode() for key, value in message["headers"]}
                begun["named"] = named
                if named.get("content-type", "").startswith("text/event-stream"):
                    ended.set()
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    ended.set()

        task = asyncio.ensure_future(self.app(scope, receive, send))
        waiting = asyncio.ensure_future(ended.wait())
        async with asyncio.timeout(_LONGEST_S):
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done() and task.exception() is not None:
            raise AssertionError(f"{method} {path}") from task.exception()
        if begun["named"].get("content-type", "").startswith("text/event-stream"):
            task.cancel()
        await asyncio.wait({task})
        return Reply(begun["status"], begun["named"], b"".join(parts).decode(errors="replace"))


def form_token_of(token: str | None) -> str:
    """Return what a form of that sign-in carries, something else where there is none."""
    return form_token(Secret(token)) if token else "0" * 64


def filled(path: str, known: Mapping[str, str]) -> str:
    """Return a path with its parts filled in: what is known, or what is not there."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: known.get(part[1], "nothing"), path)


@asynccontextmanager
async def a_house(folder: Path, *policies: str) -> AsyncIterator[House]:
    """The pages and the API over a real store, with somebody of every role."""
    async with a_world(folder, *policies) as world:
        await world.store.commit([PutSubject(one, PASSWORD) for one in PEOPLE.values()], ())
        everybody = (*world.directory.subjects(), *PEOPLE.values())
        world.directory.replace(everybody, world.directory.targets())
        app = build_app(world.plane, URL, lambda: ("gate.test", 6432))
        web.mount(app, world.plane, URL, lambda: ("gate.test", 6432))
        yield House(world, app)
