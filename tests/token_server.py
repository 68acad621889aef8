"""A token server for tests: the client credentials grant (RFC 6749, section 4.4), on loopback."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from aiohttp import web

ID, SECRET = "assent:gateway", "s€cret/+ 1"


@dataclass(slots=True)
class TokenServer:
    """asked: the forms that came. answer: instead of a token, status and what it says.

    in_body: it takes the secret in the body only. gate: answers wait for it.
    """

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    answer: tuple[int, object] | None = None
    lasts_for: object = 600
    in_body: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        await self.gate.wait()
        if self.answer is not None:
            status, said = self.answer
            if isinstance(said, bytes):
                return web.Response(status=status, body=said)
            headers = {"location": "/elsewhere"} if 300 <= status < 400 else {}
            return web.json_response(said, status=status, headers=headers)
        if not self._knows(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        said = {"access_token": f"token-{len(self.asked)}", "token_type": "Bearer"}
        if self.lasts_for is not None:
            said["expires_in"] = self.lasts_for  # type: ignore[assignment]
        return web.json_response(said)

    def _knows(self, request: web.Request, form: dict[str, str]) -> bool:
        if self.in_body:
            return (form.get("client_id"), form.get("client_secret")) == (ID, SECRET)
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return False
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (ID, SECRET)


@asynccontextmanager
async def serving() -> AsyncIterator[TokenServer]:
    """Run one on a free port until the end."""
    server = TokenServer()
    server.gate.set()
    app = web.Application()
    app.router.add_post("/token", server.token)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}/token"
        yield server
    finally:
        server.gate.set()
        await runner.cleanup()
