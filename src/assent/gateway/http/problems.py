"""What is answered instead of what was asked for: problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web

from assent.core.canonical import Json
from assent.core.faults import (
    ConflictFault,
    Fault,
    ForbiddenFault,
    MissingFault,
    OperatorFault,
    OutsideFault,
    PeerFault,
    TooManyFault,
)

MEDIA_TYPE = "application/problem+json"
_BY_CODE = {"not-signed-in": 401, "too-many-attempts": 429, "body-too-large": 413}
_BY_FAULT: tuple[tuple[type[Fault], int], ...] = (
    (PeerFault, 400),
    (ForbiddenFault, 403),
    (MissingFault, 404),
    (ConflictFault, 409),
    (OutsideFault, 502),
    (OperatorFault, 502),
)
_OWN: Mapping[str, str] = {"Server": "assent", "Cache-Control": "no-store"}


def problem(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: Json,
) -> web.Response:
    """Return a problem; `code` names its type for programs. more: further members of it."""
    body = {
        "type": f"urn:assent:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        headers={**_OWN, "Content-Type": MEDIA_TYPE, **(headers or {})},
    )


def of_fault(fault: Fault) -> web.Response:
    """Return the answer that says what went wrong, and who must act."""
    status = _BY_CODE.get(fault.code) or next(
        (status for kind, status in _BY_FAULT if isinstance(fault, kind)), 500
    )
    headers: dict[str, str] = {}
    if status == 401:
        # RFC 9110, section 11.6.1: a 401 names the scheme.
        headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="assent"'
    elif isinstance(fault, TooManyFault):
        headers[hdrs.RETRY_AFTER] = str(fault.retry_after_s)
    return problem(status, fault.code, words_of(fault), headers)


def words_of(fault: Fault) -> str:
    """Return what may be said of a fault to whoever is at this door."""
    if isinstance(fault, OperatorFault):
        # Where it is wrong is for who runs the gateway.
        return "the target cannot be reached as it is configured; tell the operator"
    return fault.detail
