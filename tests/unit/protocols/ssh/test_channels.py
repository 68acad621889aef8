"""Shells, forwarding and agents as statements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.action import Operation
from assent.protocols.ssh import channels
from assent.protocols.ssh.verbs import RESOURCES, VERBS


def test_a_shell_at_a_terminal_is_understood_and_one_that_reads_a_stream_is_not() -> None:
    shell = channels.shell("deploy", terminal=True)
    assert shell.complete
    assert [(one.verb, one.resource.kind, one.resource.name) for one in shell.touches] == [
        ("ssh.shell", "Account", "deploy")
    ]
    stream = channels.shell("deploy", terminal=False)
    assert not stream.complete
    assert Operation.UNKNOWN in {one.operation for one in stream.touches}


@pytest.mark.parametrize(
    ("host", "port", "name"),
    [
        ("DB.internal.", 5432, "db.internal:5432"),
        ("::1", 80, "[::1]:80"),
        ("127.0.0.1", 22, "127.0.0.1:22"),
    ],
)
def test_an_address_has_one_form(host: str, port: int, name: str) -> None:
    assert channels.address(host, port) == name
    assert channels.forward(host, port).touches[0].resource.name == name


@given(st.text(max_size=600), st.integers(0, 65_535))
def test_every_address_is_a_statement_and_a_strange_one_is_not_understood(
    host: str, port: int
) -> None:
    for statement in (channels.forward(host, port), channels.listen(host, port)):
        assert {one.verb for one in statement.touches} <= VERBS
        assert {one.resource.kind for one in statement.touches} <= RESOURCES
        strange = len(host) > 255 or not host.isprintable() or " " in host
        assert statement.complete is not strange
