"""What the demo's configuration says of the targets beside the shop, and of the doors to them."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from assent.core.secret import Secret
from assent.demo.database import Database
from assent.demo.neighbours import ACCOUNT, Neighbours

USUAL_PORTS = (8471, 2222, 6433)
"""Of HTTP with MCP, of SSH and of TCP."""
API, SERVER, TOOLS = "orders", "web1", "tools"
"""The targets' names."""
_TOOL_SERVER = Path(__file__).with_name("tool_server.py")


def secrets_of(neighbours: Neighbours) -> Mapping[str, Secret[str]]:
    """Return the files of secrets that the configuration refers to."""
    return {
        f"{API}.token": neighbours.api_token,
        f"{SERVER}.key": neighbours.ssh_key,
        f"{TOOLS}.password": neighbours.account_password,
    }


def config_text(
    shop: Database, neighbours: Neighbours, host: str, http: int, ssh: int, tcp: int
) -> str:
    """Return the doors, on these ports of `host`, and the targets."""
    environment = [
        f"PGHOST={shop.host}", f"PGPORT={shop.port}", f"PGDATABASE={shop.name}",
        f"PGUSER={ACCOUNT}", "PGPASSWORD={password}",
    ]  # fmt: skip
    return _TEXT.format(
        host=host,
        http=http,
        ssh=ssh,
        tcp=tcp,
        beside=neighbours,
        command=json.dumps([sys.executable, "-I", str(_TOOL_SERVER)]),
        environment=json.dumps(environment),
    )


_TEXT = f"""\
[http]
listen = "{{host}}:{{http}}"

[ssh]
listen = "{{host}}:{{ssh}}"

[tcp]
listen = "{{host}}:{{tcp}}"

[[targets]]
name = "{TOOLS}"
protocol = "mcp"
password = "file:{TOOLS}.password"
environment = "prod"
owners = ["dba"]

[targets.mcp]
command = {{command}}
environment = {{environment}}

[[targets]]
name = "{API}"
protocol = "http"
password = "file:{API}.token"
environment = "prod"
owners = ["dba"]

[targets.http]
url = "http://127.0.0.1:{{beside.api_port}}"
routes = ["/orders/{{{{id}}}}"]
login = "bearer"

[[targets]]
name = "{SERVER}"
protocol = "ssh"
host = "127.0.0.1"
port = {{beside.ssh_port}}
user = "deploy"
password = "file:{SERVER}.key"
environment = "prod"
owners = ["dba"]

[targets.ssh]
login = "key"
host_keys = ["{{beside.host_key}}"]
"""
