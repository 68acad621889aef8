"""The first administrator of a real server: by the link of its start, and never again."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from assent import app
from assent.config import parse

CHOSEN = "violet otter makes tea at noon"
TREE = {"server": {"listen": "127.0.0.1:0"}, "postgres": {"listen": "127.0.0.1:0"}}
PERMIT = '@id("open") permit (principal, action == Action::"session.open", resource);\n'


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


async def test_an_empty_installation_has_an_administrator_in_three_steps(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "10.cedar").write_text(PERMIT)
    config = parse(TREE, "assent.toml", tmp_path)
    async with app.running(config) as gateway:
        assert gateway.first_link is not None
        old = gateway.first_link.reveal()
        assert old.startswith(f"{gateway.api_url}/welcome/")
    secret = old.rpartition("/")[2]
    async with app.running(config) as gateway, httpx2.AsyncClient() as http:
        assert gateway.first_link is not None
        link = gateway.first_link.reveal()
        replaced = await http.get(f"{gateway.api_url}/welcome/{secret}")
        assert replaced.status_code == 404
        form = {"name": "root", "password": CHOSEN, "again": CHOSEN}
        headers = {"origin": gateway.api_url}
        assert (await http.post(link, data=form, headers=headers)).status_code == 303
        assert "administrator" in (await http.get(f"{gateway.api_url}/account")).text
    assert secret.encode() not in (tmp_path / "data" / "assent.db").read_bytes()
    async with app.running(config) as gateway, httpx2.AsyncClient() as http:
        assert gateway.first_link is None
        body = {"name": "root", "password": CHOSEN}
        answer = await http.post(f"{gateway.api_url}/v1/login", json=body)
        assert answer.status_code == 200
        bearer = {"authorization": f"Bearer {answer.json()['token']}"}
        invited = await http.post(
            f"{gateway.api_url}/v1/people", json={"name": "nora"}, headers=bearer
        )
        assert invited.status_code == 201
        assert invited.json()["link"].startswith(f"{gateway.api_url}/welcome/")
