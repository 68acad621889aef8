"""What several folders of tests share: one database and one gateway a process of pytest."""

import fcntl
import itertools
import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop
from tampering.real_run import RealRun, make_real_run

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


@pytest.fixture(scope="session")
def real_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RealRun:
    """What a gateway with a witness left behind, to be read and never changed; made once."""
    base = tmp_path_factory.getbasetemp()
    # Beside it are those of the other processes of this run, where there are any.
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (folder / "real-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "real-run.pickle"
        if not made.exists():
            template, shop = (request.getfixturevalue(name) for name in ("template", "shop"))
            # Another one where making it failed before.
            place = Path(tempfile.mkdtemp(prefix="real-run-", dir=folder))
            run = make_real_run(place, template, shop)
            made.write_bytes(pickle.dumps(run))
        run = pickle.loads(made.read_bytes())
        assert isinstance(run, RealRun)
        return run


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
