"""Signing in without a password at a terminal: by this machine's browser, or by any other one.

The browser brings a code to a port of loopback (RFC 8252, section 7.3), good only with the
verifier that never left this process (RFC 7636). Without one a code is typed at another browser
(RFC 8628).
"""

import os
import secrets
import socket
import sys
import threading
import time
import webbrowser
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from assent.cli import output
from assent.cli.client import Client
from assent.cli.exit_codes import CommandFault, ExitCode

_WAITS_S = 300
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWEST_S = 60
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=color-scheme "
    'content="light dark"><title>Assent</title><p>{words}</p></html>'
)


def has_browser() -> bool:
    """Return whether a browser can be expected to open where this person is."""
    if any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY")):
        return False  # It would open on the machine that they are not at.
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def by_browser(client: Client, waits_s: float = _WAITS_S) -> dict[str, Any]:
    """Return what the server answers to a sign-in by this machine's browser.

    Raises CommandFault where somebody refuses it, or nobody answers in time.
    """
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with listening(state) as (port, came):
        query = urlencode(
            {"port": port, "challenge": challenge, "state": state, "host": socket.gethostname()}
        )
        page = f"{client.url}/sign-in/command-line?{query}"
        output.note("a page opens in your browser; say there that it is you")
        output.note(f"if it does not: {page}")
        webbrowser.open(page)
        answer = came.wait(waits_s)
    if answer is None:
        words = f"nobody answered within {waits_s / 60:.0f} min; `assent login --device` is for "
        raise CommandFault(ExitCode.DENIED, "no-answer", words + "machines without a browser")
    if not answer:
        raise CommandFault(ExitCode.DENIED, "access-denied", "it was refused in the browser")
    return client.post("/v1/login/code", {"code": answer, "verifier": verifier})


def by_code(client: Client) -> dict[str, Any]:
    """Return what the server answers to a sign-in by a code that is typed at any browser.

    Raises CommandFault where somebody refuses it, or nobody answers in time.
    """
    asked = {"client_id": "assent-cli", "host": socket.gethostname()}
    status, begun = client.post_form("/v1/device_authorization", asked)
    if status != 200:
        raise _refused(begun)
    output.note(f"open {begun['verification_uri']} in any browser, and type this code there:\n")
    output.note(f"    {begun['user_code']}\n")
    output.note("it signs this machine in as whoever types it: give it to nobody else")
    interval, until = int(begun["interval"]), time.monotonic() + int(begun["expires_in"])
    while time.monotonic() < until:
        left = max(1, round((until - time.monotonic()) / 60))
        output.live(f"waiting; the code is good for {left} min")
        time.sleep(interval)
        answer, interval = _asked_again(client, str(begun["device_code"]), interval)
        if answer is not None:
            output.live("")
            return answer
    raise CommandFault(ExitCode.DENIED, "expired-token", "nobody typed the code in time")


def _asked_again(
    client: Client, device_code: str, interval: int
) -> tuple[dict[str, Any] | None, int]:
    """Return the answer, None while there is none, and how many seconds to wait next."""
    body = {"grant_type": _DEVICE_GRANT, "device_code": device_code, "client_id": "assent-cli"}
    try:
        status, answer = client.post_form("/v1/token", body)
    except CommandFault as fault:
        if fault.exit_code is not ExitCode.OUTSIDE:
            raise
        # Section 3.5: on a time-out ask less often.
        return None, min(_SLOWEST_S, interval * 2)
    if status == 200:
        return {**answer, "token": answer["access_token"]}, interval
    if answer.get("error") == "slow_down":
        return None, min(_SLOWEST_S, interval + 5)
    if answer.get("error") != "authorization_pending":
        raise _refused(answer)
    return None, interval


def _refused(answer: dict[str, Any]) -> CommandFault:
    code = str(answer.get("error", "refused")).replace("_", "-")
    return CommandFault(ExitCode.DENIED, code, str(answer.get("error_description") or code))


class _Came:
    """What came to the port. value: the code, empty for a refusal, None for nothing yet."""

    def __init__(self) -> None:
        self.value: str | None = None
        self._here = threading.Event()

    def take(self, value: str) -> None:
        """Keep the first answer; others change nothing."""
        if self.value is None:
            self.value = value
            self._here.set()

    def wait(self, waits_s: float) -> str | None:
        """Return it once it is there, None after so many seconds."""
        self._here.wait(waits_s)
        return self.value


@contextmanager
def listening(state: str) -> Iterator[tuple[int, _Came]]:
    """Listen on a free port of loopback, and yield it with what comes there."""
    came = _Came()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            """Take the answer that knows our state; whatever else comes is refused."""
            asked = parse_qs(urlsplit(self.path).query)
            known = asked.get("state", [""])[0]
            if not compare_digest(known.encode("utf-8", "replace"), state.encode()):
                self._say(400, "This is not the answer that the command line waits for.")
                return
            code = asked.get("code", [""])[0]
            done = "The command line is signed in. You can close this page."
            try:
                self._say(200, done if code else "Refused: the command line is not signed in.")
            finally:
                # The browser has its page first: this process may end right after.
                came.take(code)

        def _say(self, status: int, words: str) -> None:
            content = _PAGE.format(words=words).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the address holds the code."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    serving.start()
    try:
        yield int(server.server_address[1]), came
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
