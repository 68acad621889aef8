"""The HTTP API as seen from the command line: JSON in, JSON out, faults as exit codes.

It stands on the standard library's `http.client`: the start of a command has 0.3 s, and a
richer client would take half of them for its imports alone.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from assent.cli import credentials
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.core.secret import Secret

_LARGEST_BYTES = 256 * 1024 * 1024
_LONGEST_EVENT_BYTES = 16 * 1024 * 1024
_HEADERS = {"Accept": "application/json", "User-Agent": "assent-cli"}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EXIT_CODES = {
    400: ExitCode.USAGE,
    401: ExitCode.NOT_SIGNED_IN,
    403: ExitCode.DENIED,
    404: ExitCode.MISSING,
    409: ExitCode.CONFLICT,
    410: ExitCode.MISSING,
    413: ExitCode.USAGE,
    422: ExitCode.USAGE,
    429: ExitCode.DENIED,
    502: ExitCode.OUTSIDE,
    503: ExitCode.OUTSIDE,
    504: ExitCode.OUTSIDE,
}


def signed_in() -> "Client":
    """Return a client for the person who is signed in. Raises CommandFault when nobody is."""
    found = credentials.load()
    if found is None:
        url = credentials.known_url()
        raise CommandFault(
            ExitCode.NOT_SIGNED_IN,
            "not-signed-in",
            f"nobody is signed in to `{url}`; sign in with `assent login {url}`",
        )
    return Client(found.url, found.token)


class Client:
    """Speaks to one server, one connection a call. deadline_s: silence that is a fault.

    reason: why others' things are read.
    """

    def __init__(
        self,
        url: str,
        token: Secret[str] | None = None,
        deadline_s: float = 30,
        reason: str = "",
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise CommandFault(
                ExitCode.USAGE, "bad-url", f"`{url}` is not an address such as `{_example()}`"
            )
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            # A password or a token must not cross a network in the clear.
            raise CommandFault(
                ExitCode.USAGE,
                "not-encrypted",
                f"`{url}` is not encrypted; use `https://` for any server but this machine's own",
            )
        self.url = url.rstrip("/")
        self._parts = parts
        self._token = token
        self._deadline_s = deadline_s
        self._reason = reason

    def patient(self, deadline_s: float) -> "Client":
        """Return the same client with another deadline, for streams."""
        return Client(self.url, self._token, deadline_s, self._reason)

    def because(self, reason: str) -> "Client":
        """Return the same client, which says why it reads what others wrote."""
        return Client(self.url, self._token, self._deadline_s, reason)

    def get(self, path: str, **query: str | int | None) -> dict[str, Any]:
        """Return the JSON object at `path`. Raises CommandFault."""
        return _object(self.get_bytes(path, **query))

    def get_bytes(self, path: str, **query: str | int | None) -> bytes:
        """Return the bytes at `path`. Raises CommandFault."""
        given = {key: value for key, value in query.items() if value is not None}
        full = path + ("?" + urlencode(given) if given else "")
        return self._call("GET", full, None)[1]

    @contextmanager
    def kept_open(self) -> Iterator[Callable[[str], bytes]]:
        """Give a function that gets bytes over one connection, for many small files.

        It raises CommandFault. It is for one thread.
        """
        connection = self._connection()

        def get(path: str) -> bytes:
            try:
                response = self._send(connection, "GET", path, None)
                content = response.read(_LARGEST_BYTES + 1)
            except (OSError, HTTPException):
                # Servers close what was idle; on a new connection it is asked once more.
                connection.close()
                return self._call("GET", path, None)[1]
            return self._checked(response.status, content)

        try:
            yield get
        finally:
            connection.close()

    def post(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the JSON object that the server answers with, empty for none."""
        return self.post_for_status(path, body)[1]

    def delete(self, path: str) -> dict[str, Any]:
        """Return the JSON object that the server answers a deletion with."""
        return _object(self._call("DELETE", path, None)[1])

    def post_for_status(
        self, path: str, body: Mapping[str, object] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return the status as well, where it says which of two answers it is."""
        status, content = self._call("POST", path, body or {})
        return status, _object(content) if content else {}

    def post_form(
        self, path: str, fields: Mapping[str, str], *, also: int = 400
    ) -> tuple[int, dict[str, Any]]:
        """Return status and answer of a form, as OAuth has it (RFC 6749); `also` is no fault."""
        connection = self._connection()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            full = self._parts.path.rstrip("/") + path
            connection.request("POST", full, urlencode(fields), _HEADERS | headers)
            response = connection.getresponse()
            content = response.read(_LONGEST_EVENT_BYTES)
        except (OSError, HTTPException) as error:
            raise self._away(error) from error
        finally:
            connection.close()
        if response.status != also:
            content = self._checked(response.status, content)
        return response.status, _object(content)

    def events(self, path: str) -> Iterator[str]:
        """Yield the data of each server-sent event, and an empty text for each sign of life.

        Ends when the server ends the stream. Raises CommandFault.
        """
        connection = self._connection()
        try:
            response = self._send(connection, "GET", path, None)
            if response.status != 200:
                raise _fault(response.status, response.read(_LONGEST_EVENT_BYTES))
            while line := response.readline(_LONGEST_EVENT_BYTES):
                if line.startswith(b"data:"):
                    yield line[5:].decode("utf-8", "replace").strip()
                elif line.startswith(b":"):
                    yield ""
        except (OSError, HTTPException) as error:
            raise self._away(error) from error
        finally:
            connection.close()

    def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            response = self._send(connection, method, path, body)
            content = response.read(_LARGEST_BYTES + 1)
        except (OSError, HTTPException) as error:
            raise self._away(error) from error
        finally:
            connection.close()
        return response.status, self._checked(response.status, content)

    def _checked(self, status: int, content: bytes) -> bytes:
        if len(content) > _LARGEST_BYTES:
            raise CommandFault(ExitCode.OUTSIDE, "too-large", "the server's answer is too large")
        if not 200 <= status < 300:
            raise _fault(status, content)
        return content

    def _connection(self) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=self._deadline_s)
        return HTTPConnection(host, port, timeout=self._deadline_s)

    def _send(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
    ) -> HTTPResponse:
        headers = dict(_HEADERS)
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        if self._reason:
            headers["X-Assent-Reason"] = self._reason.encode("utf-8").decode("latin-1")
        content = None
        if body is not None:
            content = json.dumps(body).encode("utf-8")
            headers["Content-Type"] = "application/json"
        connection.request(method, self._parts.path.rstrip("/") + path, content, headers)
        return connection.getresponse()

    def _away(self, error: Exception) -> CommandFault:
        words = "did not answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
        return CommandFault(
            ExitCode.OUTSIDE,
            "server-away",
            f"the server at `{self.url}` {words}; is `assent serve` running there? ({error})",
        )


def _fault(status: int, content: bytes) -> CommandFault:
    """Return the fault that problem details (RFC 9457) describe."""
    try:
        problem = json.loads(content)
        code = str(problem["type"]).rpartition(":")[2]
        detail = str(problem.get("detail") or problem.get("title") or code)
    except (ValueError, KeyError, TypeError):
        code, detail = f"http-{status}", f"the server answered with status {status}"
    if status == 401:
        detail = f"{detail}; sign in with `assent login`"
    return CommandFault(_EXIT_CODES.get(status, ExitCode.UNEXPECTED), code, detail)


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise _not_assent() from error
    if not isinstance(value, dict):
        raise _not_assent()
    return value


def _not_assent() -> CommandFault:
    return CommandFault(
        ExitCode.OUTSIDE,
        "not-assent",
        "the server did not answer as Assent does; check the address with `assent whoami`",
    )


def _example() -> str:
    return "https://assent.example"
