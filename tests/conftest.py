"""What several folders of tests share: one database and one gateway a process of pytest."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop

# The same examples in every run; `HYPOTHESIS_PROFILE=explore` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", settings.get_profile("default"))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

ROWS = 1_000
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A real PostgreSQL with the demo's tables."""
    with gateway_world.shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="session")
def template(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo's world, never served itself: `gateway_world.create_world` copies it."""
    return gateway_world.template(tmp_path_factory.mktemp("template"), shop)


@pytest.fixture(scope="session")
def gateway(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A real `assent serve` before the shop, with the demo's people and policies."""
    created = gateway_world.create_world(tmp_path_factory.mktemp("gateway"), template)
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of this test's own, for what it does to it."""
    with gateway_world.serving(gateway_world.create_world(tmp_path / "own", template)) as running:
        yield running


@pytest.fixture
def table(shop: Shop) -> str:
    """A table of this test's own with ROWS rows: `id`, `item` and `cents`."""
    name = f"things_{next(_numbers)}"
    shop.run(
        f"create table {name} (id integer primary key, item text, cents integer not null);"
        f"insert into {name} select n, 'thing ' || n, n * 10 from generate_series(1, {ROWS}) n"
    )
    # Left where it is: the database goes with the tests.
    return name
