"""The pages over a whole control plane on a real store, asked for as a browser without scripts."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from assent import web
from assent.api import build_app
from builders import PASSWORD, World, a_world

URL = "http://assent.test"
HTMX = {"hx-request": "true"}


class Console:
    """A browser of one person at a time, and the world behind the pages."""

    def __init__(self, world: World, http: httpx2.AsyncClient) -> None:
        self.world, self.http = world, http

    async def sign_in(self, name: str) -> None:
        self.http.cookies.clear()
        data = {"name": name, "password": PASSWORD}
        assert (await self.http.post("/sign-in", data=data)).status_code == 303

    async def get(self, path: str) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', await self.get("/"))
        assert found
        return found[1]

    async def post(
        self, path: str, headers: dict[str, str] | None = None, /, **fields: str
    ) -> httpx2.Response:
        data = {"csrf": await self.csrf()} | fields
        return await self.http.post(path, data=data, headers=headers)


@asynccontextmanager
async def a_console(folder: Path, *policies: str, **outside: Any) -> AsyncIterator[Console]:
    """The pages over a control plane with `builders.POLICIES` and `policies` in force.

    outside: further fields of `Outside`.
    """
    async with a_world(folder, *policies, **outside) as world:
        address = ("gate.test", 6432)
        app = build_app(world.plane, URL, lambda: address)
        web.mount(app, world.plane, URL, lambda: address)
        transport = httpx2.ASGITransport(app=app)
        headers = {"origin": URL}
        async with httpx2.AsyncClient(transport=transport, base_url=URL, headers=headers) as http:
            yield Console(world, http)
