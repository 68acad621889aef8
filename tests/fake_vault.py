"""Something that answers as Vault's documentation says Vault does, over HTTP on loopback.

It is no Vault: what is tested against it is our reading of the documentation. Known here: KV
version 2 (read), the database engine (creds), sys/leases (renew, revoke), AppRole (login), the
transit engine (encrypt, decrypt, with a context).
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ROLE_ID, SECRET_ID = "role-id", "secret-id"


@dataclass
class FakeVault:
    """What it holds, and what it was asked. say: the answer to everything, if not None."""

    url: str = ""
    tokens: set[str] = field(default_factory=lambda: {"root"})
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, int] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    transit: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    longest_s: int = 3600
    logins: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    say: tuple[int, bytes] | None = None

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Any:
        """Return status and JSON."""
        path = path.removeprefix("/v1/")
        if (method, path) == ("POST", "auth/approle/login"):
            return self._login(body)
        if headers.get("x-vault-token") not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        match method, path.split("/"):
            case "GET", [mount, "creds", role] if f"{mount}/{role}" in self.roles:
                return self._user(mount, role)
            case "PUT", ["sys", "leases", action] if body.get("lease_id") not in self.leases:
                return 400, {"errors": [f"cannot {action}: lease not found"]}
            case "PUT", ["sys", "leases", "revoke"]:
                del self.leases[body["lease_id"]]
                return 204, None
            case "PUT", ["sys", "leases", "renew"]:
                lasts_s = min(body["increment"], self.longest_s)
                return 200, {"lease_id": body["lease_id"], "lease_duration": lasts_s}
            case "POST", [mount, "encrypt" | "decrypt" as what, key] if (
                f"{mount}/{key}" in self.transit
            ):
                return self._transit(what, self.transit[f"{mount}/{key}"], body)
            case "GET", _ if path in self.secrets:
                metadata = {"version": 1, "destroyed": False}
                return 200, {"data": {"data": self.secrets[path], "metadata": metadata}}
        return 404, {"errors": []}

    def _login(self, body: Any) -> Any:
        if (body.get("role_id"), body.get("secret_id")) != (ROLE_ID, SECRET_ID):
            return 400, {"errors": ["invalid role or secret ID"]}
        self.logins += 1
        token = f"token-{self.logins}"
        self.tokens.add(token)
        return 200, {"auth": {"client_token": token, "lease_duration": 60, "renewable": True}}

    def _transit(self, what: str, kept: dict[str, tuple[str, str]], body: Any) -> Any:
        if what == "encrypt":
            name = f"vault:v1:{len(kept)}"
            kept[name] = body["plaintext"], body["context"]
            return 200, {"data": {"ciphertext": name, "key_version": 1}}
        plain, context = kept.get(body["ciphertext"], ("", None))
        if context != body["context"]:
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": plain}}

    def _user(self, mount: str, role: str) -> Any:
        lease = f"{mount}/creds/{role}/{len(self.asked)}"
        name = f"v-{role}-{len(self.asked)}"
        self.leases[lease] = name
        return 200, {
            "lease_id": lease,
            "lease_duration": self.roles[f"{mount}/{role}"],
            "renewable": True,
            "data": {"username": name, "password": f"password of {name}"},
        }


@contextmanager
def serving() -> Iterator[FakeVault]:
    """Run one on a free port while the block lasts."""
    vault = FakeVault()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            vault.asked.append((self.command, self.path))
            vault.headers.append(headers)
            if vault.say is not None:
                status, data = vault.say
            else:
                status, content = vault.answer(self.command, self.path, headers, body)
                data = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", "http://elsewhere.example.org/")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = handle_any  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vault.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield vault
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
