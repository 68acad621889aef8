"""What every way to sign in ends with: a new token in the browser's cookie."""

from collections.abc import Sequence

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from assent.control.sign_in import digest_of
from assent.core.changes import Change, DropToken
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import Token, TokenKind
from assent.web.desk import Desk, address_of
from assent.web.safety import local_path

_LONGEST_AGENT = 200


async def signed_in(
    request: Request, desk: Desk, subject: Subject, method: str, next: str
) -> Response:
    """Sign somebody in who has just proved who they are, and lead them on.

    The token is always a new one, and the one before it in this browser is forgotten. Raises
    ForbiddenFault where they are disabled.
    """
    token, kept = await desk.plane.sign_in.issue(
        subject,
        TokenKind.BROWSER,
        method,
        address=address_of(request),
        user_agent=agent_of(request),
        with_changes=forgetting(request, desk),
    )
    return led_on(desk, token, kept, next)


def forgetting(request: Request, desk: Desk) -> Sequence[Change]:
    """Return what makes the token count no more that this browser came with."""
    before = desk.cookies.token(request)
    return (DropToken(digest_of(before)),) if before else ()


def led_on(desk: Desk, token: Secret[str], kept: Token, next: str) -> Response:
    """Return what keeps a new token in the browser, and leads on."""
    response = RedirectResponse(local_path(next), status_code=303)
    lasts_for = kept.expires_at - desk.plane.clock.now()
    desk.cookies.keep(response, token, int(lasts_for.total_seconds()))
    return response


def agent_of(request: Request) -> str:
    """Return what the browser calls itself."""
    return request.headers.get("user-agent", "")[:_LONGEST_AGENT]
