"""A small HTTP server that answers as it is told and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REQUEST_ID = "req_aaaaaaaaaaaaaaaaaaaaaaaaaa"
GRANT_ID = "grt_aaaaaaaaaaaaaaaaaaaaaaaaaa"
SESSION_ID = "ses_aaaaaaaaaaaaaaaaaaaaaaaaaa"


@dataclass
class Asked:
    """One call as the server saw it."""

    method: str
    path: str
    query: str
    body: Any
    authorization: str


@dataclass
class FakeServer:
    """answers: `METHOD /path` → list of (status, JSON or bytes); the last one stays."""

    url: str
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, call: str, status: int, content: Any) -> None:
        """Add an answer to a call."""
        self.answers.setdefault(call, []).append((status, content))

    def problem(self, call: str, status: int, code: str, detail: str) -> None:
        """Answer a call with problem details."""
        content = {"type": f"urn:assent:problem:{code}", "status": status, "detail": detail}
        self.answer(call, status, content)


@contextmanager
def serving() -> Iterator[FakeServer]:
    """Serve on a free loopback port."""
    fake = FakeServer("")

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            fake.asked.append(
                Asked(self.command, path, query, body, self.headers.get("Authorization", ""))
            )
            queue = fake.answers.get(f"{self.command} {path}", [(404, {"detail": "no answer"})])
            status, content = queue.pop(0) if len(queue) > 1 else queue[0]
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def request_json(**changes: Any) -> dict[str, Any]:
    """Return a request as the API describes it."""
    content: dict[str, Any] = {
        "id": REQUEST_ID,
        "state": "pending",
        "kind": "statement",
        "requester": {"name": "ana", "display_name": "Ana"},
        "target": "shop",
        "session": SESSION_ID,
        "action": {
            "verb": "sql.delete",
            "text": "DELETE FROM orders",
            "parameters": [],
            "touches": [
                {
                    "verb": "sql.delete",
                    "resource": "Table public.orders",
                    "columns": [],
                    "through": "",
                },
                {
                    "verb": "sql.delete",
                    "resource": "Table public.items",
                    "columns": [],
                    "through": "foreign key items_order",
                },
            ],
            "digest": "sha256:00",
            "for_s": None,
        },
        "impact": {
            "rows": 7,
            "words": ["would delete about 7 rows of `public.orders`", "fires: audit"],
        },
        "risk": {
            "score": 55,
            "level": "medium",
            "headline": "nothing speaks against the person; the risk is in what it does",
            "attacker": None,
            "confidence": "low",
            "confidence_because": "3 sessions seen: low confidence",
            "otherwise": "with a WHERE: 20 instead of 55 (low)",
            "factors": [
                {
                    "name": "class",
                    "points": 55,
                    "reason": "no WHERE",
                    "status": "observed",
                    "at": None,
                    "source": "",
                }
            ],
            "unknown": [],
        },
        "demands": ["assent of 1 of dba"],
        "unmet": ["assent of 1 of dba"],
        "messages": ["every row is touched"],
        "policies": ["guard.without-where"],
        "revision": "pol-0",
        "created_at": "2026-11-22T10:00:00.000000Z",
        "deadline_at": "2026-11-22T10:15:00.000000Z",
        "changed_at": "2026-11-22T10:00:00.000000Z",
        "approvals": [],
        "asked": ["ben", "dora"],
        "reason": "",
        "ticket": "",
        "outcome": "",
        "settled_by": None,
        "grant": None,
        "link": f"http://127.0.0.1:8470/requests/{REQUEST_ID}",
    }
    return content | changes


def grant_json(**changes: Any) -> dict[str, Any]:
    """Return a grant as the API describes it."""
    content: dict[str, Any] = {
        "id": GRANT_ID,
        "subject": "ana",
        "target": "shop",
        "starts_at": "2026-11-22T10:00:00.000000Z",
        "ends_at": "2026-11-22T10:30:00.000000Z",
        "request": REQUEST_ID,
        "reason": "",
        "state": "active",
        "revoked_at": None,
        "revoked_by": None,
        "revoked_because": "",
    }
    return content | changes


def opened_json(**changes: Any) -> Mapping[str, Any]:
    """Return what opens a target, as the API describes it."""
    content: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 6432,
        "user": "ana",
        "password": "s3cret/+",
        "database": "shop",
        "expires_at": "2026-11-22T10:05:00.000000Z",
        "connections": 1,
        "grant": grant_json(),
    }
    return content | changes
