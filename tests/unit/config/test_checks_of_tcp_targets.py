"""What a TCP target needs, and what means nothing on it."""

from pathlib import Path
from typing import Any

import pytest

from assent.config import parse
from assent.core.faults import OperatorFault

CACHE = {"name": "cache", "protocol": "tcp", "host": "cache.internal", "port": 6379}


def read(**more: Any) -> None:
    parse({"targets": [CACHE | more]}, "assent.toml", Path())


@pytest.mark.parametrize("more", [{}, {"tls": "verify"}, {"owners": ["dba"]}])
def test_a_host_and_a_port_are_enough(more: dict[str, Any]) -> None:
    read(**more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"host": ""}, "needs the key `host`"),
        ({"protocol": "udp"}, "protocol"),
        ({"broker": "postgres_role"}, "means nothing without"),
        ({"ssh": {"host_keys": ["ssh-ed25519 AAAA"]}}, "means nothing without"),
        ({"http": {"url": "https://a"}}, "means nothing without"),
        ({"mcp": {"url": "https://a"}}, "means nothing without"),
    ],
)
def test_what_cannot_work_is_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorFault, match=words):
        read(**more)
