"""Messages of the Model Context Protocol: JSON-RPC 2.0, one a body or a line, read and written.

What is written is what was read: a key that was there twice is there once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from assent.core.faults import PeerFault

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
URL_ELICITATION_REQUIRED = -32042
REFUSED = -32010
"""Not permitted; `data` says why, as the structured content of a refused call does."""
WAITING = -32011
"""People are asked; `data` says who, and when to send the same again."""
UNREACHABLE = -32012
"""The target is away, or answered nothing that could be understood."""

LARGEST = 4 * 1024 * 1024
"""Bytes that one message may have, in either direction."""
_LONGEST_METHOD = 200
_LONGEST_ID = 200
_LARGEST_ID = 2**53 - 1

MessageId: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Message:
    """A request (with an id), a notification (without one), or an answer (without a method).

    result, error: of an answer, one of them None.
    """

    method: str = ""
    id: MessageId | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    @property
    def meta(self) -> Mapping[str, Any]:
        """What a request says beside its parameters, in `_meta`."""
        found = self.params.get("_meta")
        return found if isinstance(found, dict) else {}

    @property
    def progress_token(self) -> MessageId | None:
        """With what whoever asked wants to hear of progress, None for not."""
        token = self.meta.get("progressToken")
        return token if _is_id(token) else None


class MalformedFault(PeerFault):
    """A body is no message. number: the code of JSON-RPC. id: of the message, where it has one."""

    def __init__(self, number: int, detail: str, id: MessageId | None = None) -> None:
        super().__init__("malformed", detail)
        self.number = number
        self.id = id


def parse(data: bytes | bytearray) -> Message:
    """Return the message. Raises MalformedFault.

    A batch is refused: the protocol had it in one version (2025-03-26) and took it back.
    """
    if len(data) > LARGEST:
        words = f"a message has at most {LARGEST} bytes"
        raise MalformedFault(INVALID_REQUEST, words)
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        raise MalformedFault(PARSE_ERROR, "this is no JSON that can be read") from fault
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
        words = "send one message of JSON-RPC 2.0: an object with `jsonrpc` and `method`"
        raise MalformedFault(INVALID_REQUEST, words)
    id = found.get("id")
    if "id" in found and not _is_id(id) and not (id is None and "error" in found):
        raise MalformedFault(INVALID_REQUEST, "an id is a whole number or a text")
    if "method" in found:
        return _asked(found, id)
    return _answered(found, id)


def _asked(found: dict[str, Any], id: MessageId | None) -> Message:
    method, params = found["method"], found.get("params", {})
    if not isinstance(method, str) or not 0 < len(method) <= _LONGEST_METHOD:
        raise MalformedFault(INVALID_REQUEST, "`method` is the name of one", id)
    if not isinstance(params, dict):
        raise MalformedFault(INVALID_PARAMS, "`params` is an object", id)
    return Message(method, id, params)


def _answered(found: dict[str, Any], id: MessageId | None) -> Message:
    result, error = found.get("result"), found.get("error")
    if isinstance(result, dict) and "error" not in found and id is not None:
        return Message(id=id, result=result)
    if isinstance(error, dict) and "result" not in found:
        return Message(id=id, error=error)
    raise MalformedFault(INVALID_REQUEST, "this neither asks for nor answers anything", id)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_ID


def encoded(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent, on one line."""
    return msgspec.json.encode(message)


def request(id: MessageId, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def notification(method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a notification."""
    said: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return said if params is None else {**said, "params": params}


def answer(id: MessageId, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request."""
    return {"jsonrpc": "2.0", "id": id, "result": result}


def error(
    id: MessageId | None, number: int, words: str, data: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the answer that a request failed. id: None where it could not be read."""
    said: dict[str, Any] = {"code": number, "message": words}
    if data is not None:
        said["data"] = data
    return {"jsonrpc": "2.0", "id": id, "error": said}
