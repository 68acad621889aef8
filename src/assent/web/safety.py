"""What keeps another site from acting in a signed-in person's name, and our pages honest."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from assent.core.faults import ForbiddenFault
from assent.core.secret import Secret

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
REPLAY_POLICY = CONTENT_SECURITY_POLICY.replace(
    "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
)
"""For the pages with a terminal, live or recorded: the player's is WebAssembly."""
_MAX_TOKEN = 256
PAGE_HEADER = "x-assent-page"
CLEARED = '"cache"'
"""Clear-Site-Data: with the cache goes what lies ready for the way back (W3C, section 3.1)."""
_STEP_LASTS_FOR_S = 300


@dataclass(frozen=True, slots=True)
class Cookies:
    """The one cookie of the page. https: how people reach us, so that it can be `Secure`."""

    https: bool

    @property
    def name(self) -> str:
        """Return its name; browsers keep the `__Host-` prefix to this host, `/` and TLS."""
        return "__Host-assent" if self.https else "assent"

    def token(self, request: Request) -> Secret[str] | None:
        """Return the token that the browser sent, None where there is none."""
        value = request.cookies.get(self.name, "")
        return Secret(value) if 0 < len(value) <= _MAX_TOKEN else None

    def keep(self, response: Response, token: Secret[str], lasts_for_s: int) -> None:
        """Let the browser send `token` from now on, to us only."""
        response.set_cookie(
            self.name,
            token.reveal(),
            max_age=lasts_for_s,
            path="/",
            secure=self.https,
            httponly=True,
            samesite="strict",
        )

    def step(self, request: Request) -> Secret[str] | None:
        """Return what a sign-in goes on with that waits for its second step, None for none."""
        value = request.cookies.get(f"{self.name}-step", "")
        return Secret(value) if 0 < len(value) <= _MAX_TOKEN else None

    def keep_step(self, response: Response, pending: Secret[str]) -> None:
        """Let the browser, and it alone, go on with a sign-in."""
        response.set_cookie(
            f"{self.name}-step",
            pending.reveal(),
            max_age=_STEP_LASTS_FOR_S,
            path="/",
            secure=self.https,
            httponly=True,
            samesite="strict",
        )

    def forget_step(self, response: Response) -> None:
        """Let the browser forget that."""
        response.delete_cookie(
            f"{self.name}-step", path="/", secure=self.https, httponly=True, samesite="strict"
        )

    def forget(self, response: Response) -> None:
        """Let the browser forget it."""
        response.delete_cookie(
            self.name, path="/", secure=self.https, httponly=True, samesite="strict"
        )


def form_token(token: Secret[str]) -> str:
    """Return what every form of this sign-in carries; another site cannot know it.

    Derived one way from the bearer token, so that nothing has to be kept for it.
    """
    return sha256(b"assent form\x00" + token.reveal().encode()).hexdigest()


def check_form(token: Secret[str], presented: str) -> None:
    """Raise ForbiddenFault unless the form came from a page of this sign-in."""
    if not compare_digest(form_token(token).encode(), presented.encode()):
        words = "this page is another person's, or from another sign-in; load it again"
        raise ForbiddenFault("stale-form", words)


def page_mark(token: Secret[str]) -> str:
    """Return what a page says of the sign-in that it was made for; nothing can be done with it."""
    return sha256(b"assent page\x00" + token.reveal().encode()).hexdigest()[:16]


def check_page(request: Request, token: Secret[str]) -> None:
    """Raise ForbiddenFault where a page of one sign-in asks for a part as another one.

    That is a tab that was left open while somebody else signed in: it must not show theirs.
    """
    said = request.headers.get(PAGE_HEADER)
    if said is not None and said != page_mark(token):
        raise ForbiddenFault("another-person", "this page is another person's; load it again")


def check_origin(request: Request, public_url: str) -> None:
    """Raise ForbiddenFault unless the browser says that our own page sent this.

    Browsers put `Origin` on every POST (Fetch standard); one without it is not from a page.
    """
    origin = request.headers.get("origin", "")
    if origin != origin_of(public_url):
        raise ForbiddenFault(
            "foreign-origin",
            f"this came from `{origin[:200]}`; open `{public_url}` and do it there",
        )


def origin_of(url: str) -> str:
    """Return scheme, host and port of `url` as browsers write an origin."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def local_path(path: str) -> str:
    """Return `path` if it leads to a page of ours, else `/`: no sign-in forwards elsewhere."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    plain = all(" " < character < "\x7f" and character != "\\" for character in path)
    return path if is_ours and plain and not parts.scheme and not parts.netloc else "/"
