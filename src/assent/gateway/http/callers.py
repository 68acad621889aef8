"""Who calls over HTTP with a token: API tokens, agents', and those of the command line."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from aiohttp import hdrs, web

from assent.control.directory import Directory
from assent.control.sign_in import Caller, SignIn, digest_of
from assent.core import declared_task
from assent.core.clock import Clock
from assent.core.evidence import Connection
from assent.core.faults import ForbiddenFault
from assent.core.ids import TokenId
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.gateway.http.headers import text_of

OWN_HEADER = "assent-authorization"
"""Carries our token where `Authorization` is the target's own."""
DOOR = "http"
LOOK_AGAIN = timedelta(milliseconds=400)
"""How long it is taken as known that a token counts; one that was ended is forgotten at once."""
_LONGEST_TOKEN = 256
_MOST_KNOWN = 10_000
_LONGEST_AGENT = 200

ClientAddress = Callable[[str, str], str]
"""The peer's address and its `X-Forwarded-For` → the client's, as far as proxies are believed."""


class Callers:
    """Turns tokens and what is kept of them into callers."""

    def __init__(
        self, sign_in: SignIn, directory: Directory, clock: Clock, client_address: ClientAddress
    ) -> None:
        self._sign_in = sign_in
        self._directory = directory
        self._clock = clock
        self._client_address = client_address
        self._known: OrderedDict[tuple[str, str], tuple[datetime, Caller]] = OrderedDict()
        sign_in.bonds.when_ended(self._ended)

    def address_of(self, request: web.BaseRequest) -> str:
        """Return the client's address."""
        forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ()))
        return self._client_address(request.remote or "", forwarded)

    def connection_of(self, request: web.BaseRequest) -> Connection:
        """Return where a request comes from, as evidence."""
        agent = text_of(request.headers.get(hdrs.USER_AGENT, "")[:_LONGEST_AGENT])
        task = declared_task.task_of(text_of(request.headers.get(declared_task.HEADER, "")))
        return Connection(self.address_of(request), agent, task=task)

    async def by_token(self, request: web.BaseRequest) -> Caller:
        """Return who sent a request with a bearer token (RFC 6750).

        Raises ForbiddenFault `not-signed-in`, `not-permitted`.
        """
        token = token_of(request)
        if token is None:
            words = "send a token of Assent: `Authorization: Bearer …`, made by `assent tokens`"
            raise ForbiddenFault("not-signed-in", words)
        return await self.by_digest(digest_of(token), self.address_of(request))

    async def by_digest(self, digest: str, address: str) -> Caller:
        """Return who holds the token with this digest, from that address.

        Raises ForbiddenFault `not-signed-in`, `not-permitted`.
        """
        now = self._clock.now()
        key = digest, address
        seen, caller = self._known.get(key, (None, None))
        if seen is None or caller is None or not seen <= now < seen + LOOK_AGAIN:
            self._known.pop(key, None)
            caller = await self._sign_in.by_digest(digest, address, DOOR)
            caller.check(Permission.ASK)
            self._known[key] = now, caller
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        if self._directory.subject(caller.subject.id).disabled:
            raise ForbiddenFault("not-signed-in", f"`{caller.subject.name}` is disabled")
        return replace(caller, subject=self._directory.subject(caller.subject.id))

    def _ended(self, tokens: frozenset[TokenId]) -> None:
        for key, (_, caller) in tuple(self._known.items()):
            if caller.token in tokens:
                del self._known[key]


def token_of(request: web.BaseRequest) -> Secret[str] | None:
    """Return our bearer token in a request, None for none."""
    for name in (OWN_HEADER, hdrs.AUTHORIZATION):
        if name in request.headers:
            scheme, _, token = request.headers[name].partition(" ")
            good = scheme.lower() == "bearer" and 0 < len(token) <= _LONGEST_TOKEN
            return Secret(token.strip()) if good else None
    return None
