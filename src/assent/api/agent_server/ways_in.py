"""How a target is reached, protocol by protocol; never with a secret in it."""

from assent.api.agent_server.tool import Told
from assent.api.door import Door
from assent.core.resource import Target

_OWN_TOKEN = "your own token of Assent, as `Authorization: Bearer …`"  # noqa: S105 - no secret
_BY_PASSWORD = frozenset({"postgres", "ssh"})
"""Protocols whose sessions are opened with a session credential."""


def takes_password(target: Target) -> bool:
    """Return whether `open_session` gives what opens sessions on it."""
    return target.protocol in _BY_PASSWORD


def way_in(door: Door, target: Target) -> Told:
    """Return where its gateway listens and what is shown there.

    listens: false where this server has no such door: then there is no way in.
    """
    address = _address(door, target.protocol)
    told: dict[str, str | int | bool | None] = {
        "target": target.name,
        "protocol": target.protocol,
        "listens": address is not None,
        "host": address[0] if address else None,
        "port": address[1] if address else None,
        "path": {"http": f"/at/{target.name}/", "mcp": f"/mcp/{target.name}"}.get(target.protocol),
    }
    if target.protocol == "postgres":
        told["database"] = target.database
    told["shows"] = (
        "the user and password of `open_session`" if takes_password(target) else _OWN_TOKEN
    )
    return {**told, "words": _WORDS.get(target.protocol, "see `assent connect --help`")}


def _address(door: Door, protocol: str) -> tuple[str, int] | None:
    if protocol == "postgres":
        return door.postgres_address()
    return door.addresses.get("http" if protocol == "mcp" else protocol)


_WORDS = {
    "postgres": "connect with any client of PostgreSQL; what people must assent to is held "
    "on the connection until they did",
    "ssh": "connect with any client of SSH, as USER@HOST; what people must assent to waits there",
    "http": "send requests below this path; one that people must assent to answers 503 with "
    "Retry-After, and the same sent again goes on with it",
    "mcp": "speak MCP at this path; a call that people must assent to is held, or says when to "
    "send it again",
    "tcp": "connect by `assent connect`, which signs in and passes the bytes on",
}
