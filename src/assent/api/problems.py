"""The one place where faults become answers: problem details (RFC 9457)."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from assent.api.headers import HEADERS
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

# Codes that have a status of their own, whatever fault carries them.
_BY_CODE = {"not-signed-in": 401, "too-many-attempts": 429}
_BY_FAULT: tuple[tuple[type[Fault], int], ...] = (
    (PeerFault, 400),
    (ForbiddenFault, 403),
    (MissingFault, 404),
    (ConflictFault, 409),
    (OperatorFault, 422),
    (OutsideFault, 503),
)
_CODES = {
    400: "malformed",
    404: "no-such-path",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
}
_MOST_ERRORS = 20


class Problem(JSONResponse):
    """A problem details object; `code` names its type for programs."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, code: str, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(
            {
                "type": f"urn:assent:problem:{code}",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "detail": detail,
            },
            status_code=status,
            headers=headers,
        )


def status_of(fault: Fault) -> int:
    """Return the HTTP status that says who must act."""
    if fault.code in _BY_CODE:
        return _BY_CODE[fault.code]
    for kind, status in _BY_FAULT:
        if isinstance(fault, kind):
            return status
    return 500


def install(app: FastAPI) -> None:
    """Let `app` answer every fault with a problem, and nothing with a traceback."""
    app.add_exception_handler(Fault, _fault)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _fault(request: Request, error: Exception) -> Problem:
    if not isinstance(error, Fault):
        raise error
    status = status_of(error)
    # RFC 9110, section 11.6.1: a 401 names the scheme; section 10.2.3: when to come back.
    wait_s = error.retry_after_s if isinstance(error, TooManyFault) else 60
    headers = {401: {"www-authenticate": "Bearer"}, 429: {"retry-after": str(wait_s)}}.get(status)
    return Problem(status, error.code, error.detail, headers)


def _invalid(request: Request, error: Exception) -> Problem:
    if not isinstance(error, RequestValidationError):
        raise error
    # What was sent is not repeated: it may hold a password.
    lines = [
        f"`{'.'.join(str(part) for part in item['loc'])}`: {_lowered(str(item['msg']))}"
        for item in error.errors()[:_MOST_ERRORS]
    ]
    return Problem(422, "invalid-input", "; ".join(lines))


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _http(request: Request, error: Exception) -> Problem:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "http-error")
    headers = dict(error.headers) if error.headers else None
    return Problem(error.status_code, code, _lowered(str(error.detail)), headers)


def _unexpected(request: Request, error: Exception) -> Problem:
    """Answer for what is our own fault; it is raised again by the server, for its log."""
    detail = "something went wrong on our side; nothing was permitted by it"
    return Problem(500, "internal", detail, HEADERS)
