"""The roads that the suite `protocols` compares: direct, a plain proxy, and Assent."""

import asyncio
import contextlib
import getpass
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from assent.demo import database, world
from benchmarks.roads import free_port, program, start

POLICY = """
@id("bench") permit (principal, action, resource);
@id("bench.admit") permit (principal, action == Action::"tool.admit", resource);
"""
_TOOLS = Path(__file__).parent / "tool_server.py"


@dataclass(frozen=True, slots=True)
class ProtocolRoads:
    """Where everything listens, and with what it is reached.

    web: nginx with the answers; web_proxy: nginx before it. tools: an MCP server. sshd, jump: two
    of them, the second one to jump over. key: a private key that both let in. http, ssh: Assent's
    doors. assent_pid: of its process. token: a bearer token of Ana's.
    """

    folder: Path
    web: int
    web_proxy: int
    tools: int
    sshd: int
    jump: int
    key: Path
    http: int
    ssh: int
    assent_pid: int
    url: str
    token: str

    @property
    def ana(self) -> Path:
        """Ana's home for the command line."""
        return self.folder / "home" / "ana"


@asynccontextmanager
async def open_protocol_roads() -> AsyncIterator[ProtocolRoads]:
    """Start everything, each a process of its own, on free ports of this machine."""
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with database.start(folder / "postgres") as shop, contextlib.AsyncExitStack() as ends:
            created = await world.create(folder, shop, usual_ports=False)
            web, web_proxy, tools, sshd, jump, http, ssh = (free_port() for _ in range(7))
            key = _keys(folder)
            for old in (folder / "policies").iterdir():
                old.unlink()
            (folder / "policies" / "bench.cedar").write_text(POLICY)
            with created.config.open("a") as config:
                config.write(_targets(web, tools, sshd, http, ssh, folder))

            async def run(port: int, *command: str) -> asyncio.subprocess.Process:
                process = await start(port, *command)
                ends.push_async_callback(_end, process)
                return process

            await run(web, program("nginx"), "-c", str(_nginx(folder, web, web_proxy)))
            await run(tools, sys.executable, str(_TOOLS), str(tools))
            for name, port in (("sshd", sshd), ("jump", jump)):
                await run(port, program("sshd"), "-D", "-e", "-f", str(_sshd(folder, name, port)))
            assent = str(Path(sys.executable).parent / "assent")
            gateway = await run(ssh, assent, "serve", "--config", str(created.config))
            token = await asyncio.to_thread(_token, created)
            yield ProtocolRoads(
                folder, web, web_proxy, tools, sshd, jump, key, http, ssh, gateway.pid,
                created.url, token,
            )  # fmt: skip


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        await process.wait()


def _keys(folder: Path) -> Path:
    for name in ("client", "sshd", "jump"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / f"{name}.key")]
        subprocess.run(words, check=True)
    return folder / "client.key"


def _nginx(folder: Path, web: int, web_proxy: int) -> Path:
    config = folder / "nginx.conf"
    # One worker each, as Assent has one: what is compared is the work for one request.
    config.write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; keepalive_requests 1000000;\n"
        f" client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n"
        f" fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f" upstream web {{ server 127.0.0.1:{web}; keepalive 64; keepalive_requests 1000000; }}\n"
        f" server {{ listen 127.0.0.1:{web}; location / {{ default_type application/json;"
        ' return 200 \'{"id":7,"customer":"Ana","total":1299,"items":[{"sku":"a","n":2}]}\'; } }\n'
        f" server {{ listen 127.0.0.1:{web_proxy}; location / {{ proxy_pass http://web;"
        ' proxy_http_version 1.1; proxy_set_header Connection ""; } }\n}\n'
    )
    return config


def _sshd(folder: Path, name: str, port: int) -> Path:
    keys = folder / "authorized_keys"
    keys.write_bytes((folder / "client.key.pub").read_bytes())
    Path("/run/sshd").mkdir(exist_ok=True)
    config = folder / f"{name}.conf"
    config.write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/{name}.key\nPidFile none\n"
        f"AuthorizedKeysFile {keys}\nStrictModes no\nPermitRootLogin yes\nUsePAM no\n"
        "PasswordAuthentication no\nMaxSessions 100\nMaxStartups 200\nLogLevel ERROR\n"
        # What somebody starts with every shell of theirs is not to be measured.
        f"SetEnv HOME={folder}\n"
    )
    return config


def _targets(web: int, tools: int, sshd: int, http: int, ssh: int, folder: Path) -> str:
    host_key = " ".join((folder / "sshd.key.pub").read_text().split()[:2])
    return f"""
[http]
listen = "127.0.0.1:{http}"
[ssh]
listen = "127.0.0.1:{ssh}"
[[targets]]
name = "orders"
protocol = "http"
environment = "dev"
[targets.http]
url = "http://127.0.0.1:{web}"
routes = ["/orders/{{id}}"]
[[targets]]
name = "tools"
protocol = "mcp"
[targets.mcp]
url = "http://127.0.0.1:{tools}/mcp"
[[targets]]
name = "web1"
protocol = "ssh"
host = "127.0.0.1"
port = {sshd}
user = "{getpass.getuser()}"
password = "file:client.key"
[targets.ssh]
host_keys = ["{host_key}"]
login = "key"
"""


def _token(created: world.World) -> str:
    ana = created.people["ana"]
    body = json.dumps({"name": "ana", "password": ana.password.reveal()}).encode()
    request = urllib.request.Request(
        f"{created.url}/v1/login", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: str = json.load(answer)["token"]
    return found


async def credential(roads: ProtocolRoads, target: str) -> tuple[str, str]:
    """Return Ana's name and the password of a fresh session credential for `target`."""

    def ask() -> dict[str, str]:
        body = json.dumps({"target": target, "connections": 64}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {roads.token}"}
        request = urllib.request.Request(f"{roads.url}/v1/connect", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, str] = json.load(answer)
        return found

    found = await asyncio.to_thread(ask)
    return found["user"], found["password"]
