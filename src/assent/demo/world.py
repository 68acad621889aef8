"""The demo's world in a folder: people, a target, policies, a configuration. Nothing is shared."""

import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from assent.core.secret import Secret
from assent.demo import beside
from assent.demo.database import Database
from assent.demo.neighbours import Neighbours
from assent.identity.passwords import Argon2Hasher

TARGET = "shop"
_HOST = "127.0.0.1"
# Browsers make passkeys for names, and take this one without https.
_NAME = "localhost"
_USUAL_PORTS = (8470, 6432)
# name → (called, groups)
_PEOPLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ana": ("Ana, engineer", ("engineers",)),
    "ben": ("Ben, DBA", ("dba",)),
    "dora": ("Dora, DBA", ("dba", "operators")),
    "carl": ("Carl, security", ("security",)),
    "nora": ("Nora, analyst", ("analysts",)),
    "olga": ("Olga, auditor", ("auditors",)),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the demo. home: the folder of their command line, `ASSENT_HOME`.

    token, url: of an agent, which never signs in: `ASSENT_TOKEN` and `ASSENT_URL`.
    """

    name: str
    called: str
    groups: tuple[str, ...]
    password: Secret[str]
    password_file: Path
    home: Path
    token: Secret[str] | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What was written. config: the file that `assent serve` could start from as well.

    url: where programs find it.
    """

    folder: Path
    config: Path
    url: str
    people: Mapping[str, Person]

    @property
    def console(self) -> str:
        """Return where browsers find it; forms from any other address are refused."""
        return self.url.replace(_HOST, _NAME)


async def create(
    folder: Path,
    database: Database,
    *,
    usual_ports: bool,
    neighbours: Neighbours | None = None,
) -> World:
    """Write a new world into `folder` and return it; every password in it is random.

    usual_ports: listen where the documentation says, if those ports are free. neighbours: further
    targets, with the doors that lead to them and the policies for agents.
    """
    people = {name: await _person(folder, name) for name in _PEOPLE}
    _private(folder / "shop.password", database.password)
    _copy_policies("policies", folder / "policies")
    web, postgres = (_port(port if usual_ports else 0) for port in _USUAL_PORTS)
    config = folder / "assent.toml"
    text = _config_text(database, web, postgres)
    if neighbours is not None:
        _copy_policies("policies_for_agents", folder / "policies")
        for name, secret in beside.secrets_of(neighbours).items():
            _private(folder / name, secret)
        doors = (_port(port if usual_ports else 0) for port in beside.USUAL_PORTS)
        text += "\n" + beside.config_text(database, neighbours, _HOST, *doors)
    config.write_text(text, encoding="utf-8")
    return World(folder, config, f"http://{_HOST}:{web}", people)


async def _person(folder: Path, name: str) -> Person:
    called, groups = _PEOPLE[name]
    place = folder / "people"
    password = Secret(secrets.token_urlsafe(9))
    _private(place / f"{name}.password", password)
    _private(place / f"{name}.hash", Secret(await Argon2Hasher().hash(password)))
    home = folder / "home" / name
    return Person(name, called, groups, password, place / f"{name}.password", home)


def _private(path: Path, content: Secret[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content.reveal() + "\n")


def _copy_policies(name: str, folder: Path) -> None:
    with as_file(files("assent.demo").joinpath(name)) as source:
        shutil.copytree(source, folder, dirs_exist_ok=True)


def _port(wanted: int) -> int:
    """Return the port, or a free one when somebody has it already."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As the servers do: a port whose last connections are fading is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def _config_text(database: Database, web: int, postgres: int) -> str:
    parts = [_SERVER.format(host=_HOST, name=_NAME, web=web, postgres=postgres)]
    for name, (called, groups) in _PEOPLE.items():
        members = ", ".join(f'"{group}"' for group in groups)
        parts.append(_PERSON.format(name=name, called=called, groups=members))
    parts.append(_TARGET.format(name=TARGET, database=database))
    return "\n".join(parts)


_SERVER = """\
# The demo's configuration; `assent config check --config` reads it, `assent serve` runs it.

[server]
data = "./data"
listen = "{host}:{web}"
public_url = "http://{name}:{web}"
origin = "assent.example/audit"

[postgres]
listen = "{host}:{postgres}"
tls = "offer"

[policies]
folder = "./policies"
"""

_PERSON = """\
[[people]]
name = "{name}"
display_name = "{called}"
groups = [{groups}]
password = "file:people/{name}.hash"
"""

_TARGET = """\
[[targets]]
name = "{name}"
protocol = "postgres"
host = "{database.host}"
port = {database.port}
database = "{database.name}"
user = "{database.user}"
password = "file:shop.password"
environment = "prod"
owners = ["dba"]
tls = "prefer"

[targets.labels]
"public.customers.email" = ["pii.email"]
"public.customers.card_number" = ["pci.card"]
"""
