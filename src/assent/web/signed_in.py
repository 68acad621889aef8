"""What every way to sign in ends with: a new token in the browser's cookie."""

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from assent.control.sign_in import digest_of
from assent.core.changes import DropToken
from assent.core.subject import Subject
from assent.core.token import TokenKind
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
    before = desk.cookies.token(request)
    token, kept = await desk.plane.sign_in.issue(
        subject,
        TokenKind.BROWSER,
        method,
        address=address_of(request),
        user_agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT],
        with_changes=(DropToken(digest_of(before)),) if before else (),
    )
    response = RedirectResponse(local_path(next), status_code=303)
    lasts_for = kept.expires_at - desk.plane.clock.now()
    desk.cookies.keep(response, token, int(lasts_for.total_seconds()))
    return response
