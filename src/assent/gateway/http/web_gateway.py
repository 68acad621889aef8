"""Targets over HTTP: on hosts of their own for browsers, and below `/at/` for programs."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from aiohttp import hdrs, web

from assent.control.directory import Directory
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.faults import Fault, ForbiddenFault, MissingFault, PeerFault
from assent.core.ids import Ids, RequestId
from assent.core.plugins import RefusalKind
from assent.core.resource import Target
from assent.gateway.http import problems
from assent.gateway.http.bodies import Body
from assent.gateway.http.callers import OWN_HEADER, Callers
from assent.gateway.http.entrances import Entrances, check_same_origin
from assent.gateway.http.exchange import Asked, Exchanges, Held
from assent.gateway.http.kept_forms import KeptForms
from assent.gateway.http.news import News
from assent.gateway.http.pages import AGAIN, refused_page, waiting_page
from assent.gateway.http.preferences import browses, stays
from assent.gateway.http.refusals import refused_problem, refused_to_people

OWN = ".assent"
"""The first segment of what is ours on a target's host."""
_FORM = "application/x-www-form-urlencoded"
_LONGEST_AGAIN = 200


@dataclass(frozen=True, slots=True)
class Places:
    """Where browsers see things. origin_of: a target's host. console: the console's address."""

    origin_of: Callable[[str], str]
    console: str


class WebGateway:
    """Answers what is asked of targets of `protocol = "http"`."""

    def __init__(
        self,
        *,
        exchanges: Exchanges,
        callers: Callers,
        entrances: Entrances,
        news: News,
        directory: Directory,
        places: Places,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._exchanges = exchanges
        self._callers = callers
        self._entrances = entrances
        self._news = news
        self._directory = directory
        self._places = places
        self._clock = clock
        self._ids = ids
        self._forms = KeptForms(clock, ids)

    async def below_path(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """Answer `/at/TARGET/…`, for programs that bring a token."""
        caller = await self._callers.by_token(request)
        name, slash, path = rest.partition("/")
        target = self._target(name)
        if not slash:
            raise MissingFault("no-such-path", f"`/at/{target.name}` ends with a slash")
        public = f"{'https' if request.secure else 'http'}://{request.headers[hdrs.HOST]}"
        asked = self._asked(request, caller, target, f"/{path}")
        asked = replace(
            asked,
            public=public,
            prefix=f"/at/{target.name}",
            keep_authorization=OWN_HEADER in request.headers,
        )
        answer = await self._exchanges.answer(asked)
        if isinstance(answer, Held):
            return refused_problem(answer.refused, self._places.console)
        return answer

    async def on_host(self, request: web.BaseRequest, label: str) -> web.StreamResponse:
        """Answer what is asked of a target's own host."""
        is_seen = browses(request)
        try:
            return await self._on_host(request, label, is_seen=is_seen)
        except Fault as fault:
            if not is_seen:
                raise
            plain = problems.of_fault(fault)
            return refused_page(
                self._nonce(), plain.status, "That does not work", (problems.words_of(fault),)
            )

    async def _on_host(
        self, request: web.BaseRequest, label: str, *, is_seen: bool
    ) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if path == f"/{OWN}/enter":
            taken = self._entrances.take_in(request, label)
            # A code that is no good any more, as of a page that was gone back to, begins again.
            return taken or self._entrances.to_console(request, label)
        caller, by_cookie = await self._who(request, label)
        if caller is None:
            if is_seen:
                return self._entrances.to_console(request, label)
            words = "sign in: open this address in a browser, or send a token of Assent"
            raise ForbiddenFault("not-signed-in", words)
        if path.startswith(f"/{OWN}/"):
            return await self._own(request, caller, path)
        target = self._target(label)
        asked = self._asked(request, caller, target, path)
        asked = replace(
            asked,
            public=self._places.origin_of(label),
            keep_authorization=by_cookie or OWN_HEADER in request.headers,
        )
        asked = await self._again(asked)
        answer = await self._exchanges.answer(asked)
        if not isinstance(answer, Held):
            return answer
        if is_seen:
            return self._held_page(asked, answer)
        return refused_problem(answer.refused, self._places.console)

    async def _who(self, request: web.BaseRequest, label: str) -> tuple[Caller | None, bool]:
        """Return who asks, and whether a cookie says so: then `Authorization` is the target's."""
        digest = self._entrances.digest_of(request, label)
        if digest is None:
            has_token = OWN_HEADER in request.headers or hdrs.AUTHORIZATION in request.headers
            return (await self._callers.by_token(request) if has_token else None), False
        check_same_origin(request, self._places.origin_of(label))
        try:
            return await self._callers.by_digest(digest, self._callers.address_of(request)), True
        except ForbiddenFault as fault:
            if fault.code != "not-signed-in":
                raise
            self._entrances.forget(digest)
            return None, True

    def _target(self, name: str) -> Target:
        target = self._directory.target_named(name)
        if target is None or target.protocol != "http":
            raise MissingFault("no-such-target", f"no target is called `{name[:80]}` here")
        return target

    def _asked(self, request: web.BaseRequest, caller: Caller, target: Target, path: str) -> Asked:
        until = self._clock.now() + stays(request, browses=browses(request))
        query = request.raw_path.partition("?")[2]
        path = path.partition("?")[0]
        return Asked(request, caller, target, path, query, "", "", until, keep_authorization=False)

    # A form that was held, and is sent again by the page that waited.

    async def _again(self, asked: Asked) -> Asked:
        request = asked.request
        length = request.headers.get(hdrs.CONTENT_LENGTH, "")
        is_small = length.isdigit() and 0 < int(length) <= _LONGEST_AGAIN
        if request.method != "POST" or not is_small or request.content_type != _FORM:
            return asked
        data = await request.content.readexactly(int(length))
        head, _, ticket = data.partition(b"=")
        if head != AGAIN.encode() or not ticket.isascii():
            return replace(asked, body=Body(data, len(data), sha256(data).hexdigest()))
        place = self._place(asked)
        form = self._forms.take(ticket.decode(), asked.caller.token_digest, place)
        if form is None:
            words = "what was to be sent again is not here any more; go back and send it anew"
            raise PeerFault("form-gone", words)
        body = Body(form.data, len(form.data), sha256(form.data).hexdigest())
        return replace(asked, body=body, content_type=form.content_type)

    def _held_page(self, asked: Asked, held: Held) -> web.Response:
        nonce, console = self._nonce(), self._places.console
        refused = held.refused
        if refused.kind is not RefusalKind.WAITING or not refused.request:
            return refused_to_people(refused, console, nonce)
        ticket = ""
        if asked.request.method != "GET":
            if held.body is None:
                # Its session had to be opened first, so nothing of it was read.
                return refused_to_people(refused, console, nonce)
            kind = asked.content_type or asked.request.headers.get(hdrs.CONTENT_TYPE, "")
            owner = asked.caller.token_digest
            ticket = self._forms.keep(owner, self._place(asked), kind, held.body.head)
            if not ticket:
                return refused_to_people(refused, console, nonce)
        lines = (refused.message, *refused.detail.split("; "))
        return waiting_page(
            nonce,
            asked.target.name,
            lines,
            f"/{OWN}/news?request={refused.request}",
            f"{console}/requests/{refused.request}",
            ticket,
        )

    def _place(self, asked: Asked) -> str:
        return f"{asked.target.id} {asked.request.method} {asked.request.raw_path}"

    # What is ours on a target's host.

    async def _own(self, request: web.BaseRequest, caller: Caller, path: str) -> web.StreamResponse:
        if path != f"/{OWN}/news" or request.method != "GET":
            raise MissingFault("no-such-path", "nothing of ours answers at this address")
        named = request.rel_url.query.get("request", "")[:64]
        waits = await self._news.waits(caller, RequestId(named))
        headers = {"Cache-Control": "no-store", "Server": "assent"}
        return web.json_response({"waiting": waits}, headers=headers)

    def _nonce(self) -> str:
        return b64encode(self._ids.token(16).encode()).decode()
