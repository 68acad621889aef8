"""One control plane for each test, on a store of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from builders import World, a_world


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A control plane with the policies of `builders.POLICIES`."""
    async with a_world(tmp_path) as built:
        yield built
