"""Response headers that keep a browser from being turned against us."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A page sets its own Content-Security-Policy; JSON needs nothing at all.
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), payment=(), "
        "serial=(), usb=()"
    ),
    "cache-control": "no-store",
}
_TRANSPORT_SECURITY = "max-age=31536000"


class SecurityHeaders:
    """Adds HEADERS where the response does not say otherwise itself."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if https:
            self._headers["strict-transport-security"] = _TRANSPORT_SECURITY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    present.setdefault(name, value)
                if present["cache-control"] == "no-store":
                    # Whose answer it is: what keeps one against the rule keeps it for them alone.
                    present.add_vary_header("Authorization, Cookie")
            await send(message)

        await self._app(scope, receive, with_headers)
