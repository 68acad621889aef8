"""The page on which people sign in, whatever way they then choose."""

from fastapi import Response

from assent.web.desk import Desk


def sign_in_page(
    desk: Desk, next: str, error: str = "", status: int = 200, name: str = ""
) -> Response:
    """Return it. next: where to go afterwards. A way that is not there is not offered."""
    values = {
        "seat": None,
        "name": name,
        "next": next,
        "error": error,
        "takes_passkeys": not desk.plane.passkeys.problem,
    }
    return desk.pages.page("sign_in.html", values, status)
