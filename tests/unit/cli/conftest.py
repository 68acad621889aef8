"""A fake server and a private folder for the client's state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.cli.fake_server import FakeServer, serving


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server that nobody is signed in to."""
    with serving() as fake:
        yield fake


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The client's folder, and no variable of the person who runs the tests."""
    for name in ("ASSENT_URL", "ASSENT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ASSENT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def signed_in(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """A server that somebody is signed in to."""
    monkeypatch.setenv("ASSENT_URL", server.url)
    monkeypatch.setenv("ASSENT_TOKEN", "tok")
    return server
