from typing import Any

from assent.protocols.mcp import eras
from assent.protocols.mcp.eras import Mismatch, Speaker, said_at_handshake, said_in_request
from assent.protocols.mcp.messages import HEADER_MISMATCH, INVALID_PARAMS, Message


def meta(**more: Any) -> dict[str, Any]:
    return {eras.META_VERSION: eras.MODERN, eras.META_CAPABILITIES: {}, **more}


def headers(method: str, name: str = "") -> dict[str, str]:
    return {"mcp-protocol-version": eras.MODERN, "mcp-method": method, "mcp-name": name}


def test_a_handshake_is_answered_by_its_version_and_an_unknown_one_by_the_newest() -> None:
    for version in eras.HANDSHAKES:
        assert said_at_handshake({"protocolVersion": version}).version == version
    assert said_at_handshake({"protocolVersion": "1999"}).version == eras.NEWEST_HANDSHAKE
    assert said_at_handshake({}).version == eras.NEWEST_HANDSHAKE


def test_pages_can_be_asked_for_of_who_says_so_in_a_version_that_knows_them() -> None:
    said = {"elicitation": {"form": {}, "url": {}}}
    hello = {"protocolVersion": "2025-11-25", "capabilities": said}
    assert said_at_handshake(hello).opens_pages
    assert not said_at_handshake({**hello, "protocolVersion": "2025-06-18"}).opens_pages
    for other in ({"elicitation": {}}, {"elicitation": {"form": {}}}, {"elicitation": 7}, 7):
        assert not said_at_handshake({**hello, "capabilities": other}).opens_pages


def test_the_name_of_a_program_is_one_line() -> None:
    client = {"name": "ag\nent", "version": "1"}
    assert said_at_handshake({"clientInfo": client}).name == "agent 1"
    assert said_at_handshake({"clientInfo": 7}).name == ""


def test_a_request_that_stands_for_itself_says_who_sends_it() -> None:
    client = {"name": "agent", "version": "2"}
    message = Message("tools/list", 1, {"_meta": meta(**{eras.META_CLIENT: client})})
    assert said_in_request(message, headers("tools/list")) == Speaker(
        eras.MODERN, opens_pages=False, name="agent 2"
    )


def test_what_is_missing_or_does_not_fit_is_said() -> None:
    message = Message("tools/call", 1, {"name": "add", "_meta": meta()})

    def number(message: Message, said: dict[str, str]) -> int:
        found = said_in_request(message, said)
        return found.number if isinstance(found, Mismatch) else 0

    assert number(message, headers("tools/call", "add")) == 0
    assert number(message, headers("tools/call", eras.header_of("add"))) == 0
    assert number(message, headers("tools/call", "wipe")) == HEADER_MISMATCH
    assert number(message, headers("tools/call", "=?base64?d2lwZQ==?=")) == HEADER_MISMATCH
    assert number(message, headers("tools/list", "add")) == HEADER_MISMATCH
    assert number(message, {"mcp-method": "tools/call"}) == HEADER_MISMATCH
    assert number(Message("ping", 1), headers("ping")) == INVALID_PARAMS
    named = Message("tools/call", 1, {"name": {"a": 1}, "_meta": meta()})
    assert number(named, headers("tools/call", "a")) == HEADER_MISMATCH


def test_a_value_that_no_header_can_hold_is_in_base64_and_is_read_again() -> None:
    for value in ("add", "größe", " edge ", "=?base64?x?="):
        message = Message("tools/call", 1, {"name": value, "_meta": meta()})
        said = headers("tools/call", eras.header_of(value))
        assert isinstance(said_in_request(message, said), Speaker), value
