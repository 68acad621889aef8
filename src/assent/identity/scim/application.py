"""The SCIM service as an ASGI application: who may come, how often, and with how much."""

import asyncio
import json
import math
from http import HTTPStatus
from typing import Any

from scim2_models import (
    Error,
    InvalidFilterException,
    PatchOp,
    PayloadTooLargeException,
    ResourceType,
    SCIMException,
    UnauthorizedException,
)
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from starlette.types import Receive, Scope, Send

from assent.control.provisioners import Provisioners
from assent.control.provisioning import Provisioning
from assent.core.clock import Clock
from assent.core.faults import Fault, ForbiddenFault, OutsideFault
from assent.core.ids import Ids
from assent.core.secret import Secret
from assent.identity.scim.description import LONGEST_FILTER, scim_provider
from assent.identity.scim.storage import BY, ScimStorage

LARGEST_BODY = 1024 * 1024
_WITHIN_S = 60.0
_A_SECOND, _AT_ONCE = 100.0, 1_000.0
_LONGEST_TOKEN = 256


class _Service(ScimService):
    """Reads requests within bounds."""

    def max_body_size(self, request: ScimRequest) -> int | None:
        return LARGEST_BODY

    def read_patch(
        self, resource_type: ResourceType, body: bytes, content_type: str | None
    ) -> "PatchOp[Any]":
        return super().read_patch(resource_type, _with_managers(body), content_type)


def _with_managers(body: bytes) -> bytes:
    """Return a PATCH in which a manager is an object: Entra ID sends the bare id of one."""
    if b":manager" not in body:
        return body
    try:
        said = json.loads(body)
        for operation in said["Operations"]:
            value = operation.get("value")
            if str(operation.get("path")).endswith(":manager") and isinstance(value, str):
                operation["value"] = {"value": value}
    except (ValueError, TypeError, KeyError, AttributeError):
        # Whoever reads it next says what is wrong with it.
        return body
    return json.dumps(said).encode()


class _Pace:
    """How many requests may come: a bucket that fills while nobody comes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left, self._at = _AT_ONCE, clock.now()

    def wait_s(self) -> int:
        """Return in how many seconds to come again, 0 where this one may pass."""
        now = self._clock.now()
        filled = (now - self._at).total_seconds() * _A_SECOND
        self._left, self._at = min(_AT_ONCE, self._left + max(0.0, filled)), now
        if self._left < 1:
            return math.ceil((1 - self._left) / _A_SECOND)
        self._left -= 1
        return 0


class TooManyRequests(SCIMException):
    """The provider asks more often than it may."""

    status = 429

    def __init__(self, wait_s: int) -> None:
        super().__init__(detail=f"too many requests; come again in {wait_s} s")
        self.wait_s = wait_s


class ScimApplication(ASGIApplication):
    """Users and groups below `base_url`, for whoever comes with a token for it."""

    def __init__(
        self,
        provisioning: Provisioning,
        provisioners: Provisioners,
        base_url: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        provider = scim_provider()
        storage = ScimStorage(provisioning, clock, ids)
        super().__init__(storage, provider, _Service(provider))
        self._provisioners = provisioners
        self._base_url = base_url
        self._pace = _Pace(clock)

    def get_base_url(self, scope: dict[str, Any]) -> str:  # type: ignore[override]
        """Return how the world reaches us, whatever a request says of it."""
        return self._base_url

    async def __call__(  # type: ignore[override]
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve a request. What is not text is refused before anything reads it."""
        if scope["type"] != "http":
            return
        try:
            scope["query_string"].decode("ascii")
            for name, value in scope["headers"]:
                name.decode("ascii"), value.decode("ascii")
        except UnicodeDecodeError:
            error = Error(status=400, detail="headers and the query must be ASCII")
            refused = ScimResponse(HTTPStatus.BAD_REQUEST, error.model_dump())
            await self.send_response(refused, send)
            return
        await super().__call__(dict(scope), receive, send)  # type: ignore[arg-type]

    async def dispatch_request(self, request: ScimRequest) -> ScimResponse:
        """Serve a request of somebody who may come."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
            raise UnauthorizedException(detail="send a token of `assent scim token`")
        by = await self._provisioners.admitted(Secret(token))
        if wait_s := self._pace.wait_s():
            raise TooManyRequests(wait_s)
        if len(request.body) > LARGEST_BODY:
            raise PayloadTooLargeException(detail=f"send {LARGEST_BODY // 1024} KiB at most")
        if len(request.query.get("filter", "")) > LONGEST_FILTER:
            raise InvalidFilterException(detail=f"is longer than {LONGEST_FILTER} characters")
        request.subject = by
        BY.set(by)
        async with asyncio.timeout(_WITHIN_S):
            return await self.handler.handle(request)

    def handle_exception(self, request: ScimRequest, exception: Exception) -> ScimResponse:
        """Return the error of SCIM that says what is wrong."""
        if isinstance(exception, Fault | TimeoutError | RecursionError):
            return self._fault(exception)
        response = super().handle_exception(request, exception)
        if isinstance(exception, TooManyRequests):
            response.headers["Retry-After"] = str(exception.wait_s)
        return response

    def _fault(self, fault: Exception) -> ScimResponse:
        if isinstance(fault, ForbiddenFault) and fault.code == "not-signed-in":
            return self.service.error_response(UnauthorizedException(detail=fault.detail))
        status, detail = 400, "it is nested too deeply"
        if isinstance(fault, TimeoutError):
            status, detail = 503, "it took too long; send it again"
        elif isinstance(fault, Fault):
            status = {ForbiddenFault: 403, OutsideFault: 503}.get(type(fault), 400)
            status = 503 if isinstance(fault, OutsideFault) else status
            detail = fault.detail
        error = Error(status=status, detail=detail)
        response = ScimResponse(HTTPStatus(status), error.model_dump())
        if status == 503:
            response.headers["Retry-After"] = "5"
        return response
