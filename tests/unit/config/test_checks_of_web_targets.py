"""What a target that speaks HTTP says of its address, its routes and how it is signed in at."""

from pathlib import Path
from typing import Any

import pytest

from assent.config import parse
from assent.core.faults import OperatorFault

API = {"name": "api", "protocol": "http", "user": "gate", "password": "env:KEY"}
HTTP = {"url": "https://api.internal"}
MCP = {"url": "https://tools.internal/mcp"}


def of(http: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**API, "http": {**HTTP, **http}, **more}


def tools(mcp: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**API, "protocol": "mcp", "mcp": mcp, **more}


@pytest.mark.parametrize(
    "target",
    [
        of({}),
        of({"routes": ["/orders/{id}", "POST /search read", "/files/{path*}"]}),
        of({"login": "header:X-Api-Key"}),
        of({"login": "oauth", "token_url": "https://id.internal/token", "scope": "a b"}),
        of({"login": "certificate"}),
        tools(MCP),
        tools({**MCP, "login": "oauth", "token_url": "https://id.internal/token"}),
        tools({"command": ["tools"]}),
    ],
)
def test_what_can_be_reached_is_taken(target: dict[str, Any]) -> None:
    parse({"targets": [target]}, "assent.toml", Path())


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (of({"url": "ftp://api"}), "is no address such as"),
        (of({"url": "https://api?x=1"}), "is no address such as"),
        (of({"routes": ["orders"]}), "`orders` is no route"),
        (of({"routes": ["GET /orders fly"]}), "`fly` is none of"),
        (of({"login": "digest"}), "`digest` is none of"),
        (of({"login": "header"}), "names a header"),
        (of({"login": "bearer:X"}), "names a header"),
        (of({"login": "bearer"}, password=""), "needs the key `password`"),
        (of({"login": "basic"}, user=""), "needs the key `user`"),
        (of({"login": "oauth"}), "is no address such as"),
        (of({"scope": "a"}), 'nothing without `login = "oauth"`'),
        (tools({**MCP, "login": "oauth"}), "is no address such as"),
        (tools({"command": ["tools"], "login": "bearer"}), "means nothing for a program"),
    ],
)
def test_what_cannot_be_reached_is_named(target: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        parse({"targets": [target]}, "assent.toml", Path())
    assert words in caught.value.detail
