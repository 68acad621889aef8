"""Texts are read by the protocol of their target."""

from dataclasses import replace

import pytest

from assent.core.faults import OperatorFault
from assent.core.resource import Resource
from assent.protocols.texts import read_text
from builders import SHOP

WEB = replace(SHOP, protocol="http", options={"routes": ("/orders", "/orders/{id}")})
WEB1 = replace(SHOP, protocol="ssh", user="deploy")


def test_sql_is_read_by_its_tables() -> None:
    statement = read_text("select id from orders", SHOP)
    assert [touch.verb for touch in statement.touches] == ["sql.read"]


def test_a_command_is_read_by_its_files() -> None:
    statement = read_text("echo late >> /srv/notes", WEB1)
    assert Resource("File", "/srv/notes") in [touch.resource for touch in statement.touches]


def test_a_request_is_read_by_its_route_and_its_fields() -> None:
    (touch,) = read_text('POST /orders\n{"note": "late"}', WEB).touches
    assert (touch.verb, touch.resource) == ("http.post", Resource("Route", "/orders"))
    assert touch.columns == {"note"}
    (asked,) = read_text("GET /orders/7?full=1", WEB).touches
    assert asked.resource == Resource("Route", "/orders/{id}")


@pytest.mark.parametrize("text", ["GET /a/%2e%2e/b", "GET", ""])
def test_what_is_no_request_is_said_so(text: str) -> None:
    with pytest.raises(OperatorFault):
        read_text(text, WEB)


def test_what_has_no_text_is_said_so() -> None:
    with pytest.raises(OperatorFault, match="say it by `do`"):
        read_text("anything", replace(SHOP, protocol="mcp"))
