"""The versions of the protocol, and what a client says of itself in each.

Until 2025-11-25 a client shakes hands (`initialize`) and is in a session from then on; from
2026-07-28 on each request stands for itself and says everything in its `_meta`.
"""

from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assent.protocols.mcp.messages import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    UNSUPPORTED_VERSION,
    Message,
)

MODERN = "2026-07-28"
HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
NEWEST_HANDSHAKE = HANDSHAKES[-1]

META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_CLIENT = "io.modelcontextprotocol/clientInfo"
META_SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"

_NAMED: Mapping[str, str] = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
}
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Speaker:
    """A client as it says it is. opens_pages: it can send a person to an address.

    name: of the program and its version, for people; nobody has proved it.
    """

    version: str
    opens_pages: bool = False
    name: str = ""

    @property
    def is_modern(self) -> bool:
        """Whether each of its requests stands for itself."""
        return self.version == MODERN


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a request of the newer kind is not served. number: the code of JSON-RPC."""

    number: int
    words: str
    data: Mapping[str, Any] | None = None


def said_at_handshake(params: Mapping[str, Any]) -> Speaker:
    """Return the client of an `initialize`, by the version that is spoken with it from now on.

    One that is not known here is answered by the newest; the client may leave then.
    """
    wanted = params.get("protocolVersion")
    version = wanted if wanted in HANDSHAKES else NEWEST_HANDSHAKE
    return _speaker(str(version), params.get("capabilities"), params.get("clientInfo"))


def said_in_request(message: Message, headers: Mapping[str, str]) -> Speaker | Mismatch:
    """Return the client of a request that stands for itself, or what does not fit.

    headers: in lower case. What they say must be what the message says, for others on the way
    look at them alone.
    """
    meta = message.meta
    if META_VERSION not in meta or not isinstance(meta.get(META_CAPABILITIES), dict):
        words = f"`_meta` needs `{META_VERSION}` and `{META_CAPABILITIES}`"
        return Mismatch(INVALID_PARAMS, words)
    version = meta[META_VERSION]
    if headers.get("mcp-protocol-version") != version:
        words = "the header `mcp-protocol-version` is not the version that the request names"
        return Mismatch(HEADER_MISMATCH, words)
    if headers.get("mcp-method") != message.method:
        return Mismatch(HEADER_MISMATCH, "the header `mcp-method` is not the request's method")
    key = _NAMED.get(message.method)
    if key and key in message.params and not _is(headers.get("mcp-name"), message.params[key]):
        words = f"the header `mcp-name` is not the request's `{key}`"
        return Mismatch(HEADER_MISMATCH, words)
    if version != MODERN:
        data = {"supported": [*HANDSHAKES, MODERN], "requested": str(version)[:_LONGEST_NAME]}
        return Mismatch(UNSUPPORTED_VERSION, "this version is not spoken here", data)
    return _speaker(MODERN, meta[META_CAPABILITIES], meta.get(META_CLIENT))


def _speaker(version: str, capabilities: object, client: object) -> Speaker:
    said = capabilities if isinstance(capabilities, dict) else {}
    elicitation = said.get("elicitation")
    opens = isinstance(elicitation, dict) and isinstance(elicitation.get("url"), dict)
    # Addresses could be asked for from 2025-11-25 on.
    opens = opens and version in (NEWEST_HANDSHAKE, MODERN)
    return Speaker(version, opens, _name_of(client))


def _name_of(client: object) -> str:
    if not isinstance(client, dict):
        return ""
    parts = (client.get("name"), client.get("version"))
    text = " ".join(part for part in parts if isinstance(part, str))
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST_NAME]


def _is(header: str | None, value: object) -> bool:
    """Return whether a header says this value: as it is, or in base64 between `=?base64?…?=`."""
    if header is None or not isinstance(value, str):
        return False
    if header.startswith("=?base64?") and header.endswith("?="):
        return header[9:-2] == b2a_base64(value.encode(), newline=False).decode()
    return header == value


def header_of(value: str) -> str:
    """Return a value as a header says it: what would not survive there, in base64."""
    plain = value.isascii() and value.isprintable() and value == value.strip()
    if plain and not value.startswith("=?base64?"):
        return value
    return f"=?base64?{b2a_base64(value.encode(), newline=False).decode()}?="


CACHEABLE = frozenset(
    {
        "server/discover",
        "tools/list",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/list",
    }
)
"""Methods whose results say in 2026-07-28 for how long, and for whom, they may be kept."""
MAY_NEED_INPUT = frozenset({"tools/call", "resources/read", "prompts/get"})
"""Methods that may be answered by what a person is to do first."""
