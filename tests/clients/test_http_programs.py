"""Programs before a real web application: what reaches it, what is held, what is refused."""

from collections.abc import Iterator

import httpx2
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway
from http_world import POLICIES, WebApplication, target_table, token_of, web_application


@pytest.fixture(scope="module")
def wiki() -> Iterator[WebApplication]:
    """The application."""
    with web_application() as running:
        yield running


@pytest.fixture(scope="module")
def house(
    template: World, wiki: WebApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before it."""
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("http") / "world",
        template,
        policies={"web.cedar": POLICIES},
        more=target_table(wiki.url),
    )
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def ana(house: Gateway) -> Iterator[httpx2.Client]:
    """Ana's program."""
    host, port = house.addresses["http"]
    headers = {"authorization": f"Bearer {token_of(house, 'ana')}"}
    base = f"http://{host}:{port}/at/wiki/"
    with httpx2.Client(base_url=base, headers=headers, timeout=30, trust_env=False) as client:
        yield client


def test_a_permitted_read_reaches_the_application_and_comes_back(
    ana: httpx2.Client, wiki: WebApplication
) -> None:
    answer = ana.get("orders", params={"state": "open"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"orders": [1, 2, 3]}
    last = wiki.last()
    assert last.target == "/orders?state=open"
    names = {name.lower() for name in last.headers}
    assert "authorization" not in names
    assert last.headers["X-Assent-Subject"] == "ana"
