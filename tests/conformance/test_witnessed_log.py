"""A gateway, a witness in a process of its own, anchors, and somebody who trusts none of them.

What `assent-verify` says is what counts here; it shares no code with what it judges.
"""

import asyncio
import gc
import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assent import app
from assent.cli.audit_export import safe_name
from assent.config import Config, parse
from assent.core.secret import Secret
from assent.identity.passwords import Argon2Hasher
from assent_verify.__main__ import main as verify
from builders import until

POLICIES = """
@id("open") permit (principal, action == Action::"session.open", resource);
@id("audit.permit")
permit (principal in Group::"security", action == Action::"audit.rotate-key", resource);
"""
WITNESS = "witness.example/w1"
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)
    gc.unfreeze()


def assent(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "assent", *arguments]


@asynccontextmanager
async def a_witness(folder: Path, *logs: str, port: int = 0) -> AsyncIterator[str]:
    """Run `assent witness serve`; yields its address."""
    keys = [part for log in logs for part in ("--log", log)]
    process = await asyncio.create_subprocess_exec(
        *assent("witness", "serve", str(folder), "--listen", f"127.0.0.1:{port}", *keys),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        line = (await process.stderr.readline()).decode().strip()
        assert "http://" in line, line
        yield line.rpartition(" ")[2]
    finally:
        process.terminate()
        assert await process.wait() == 0


async def a_config(folder: Path, key: str, url: str) -> Config:
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "10.cedar").write_text(POLICIES)
    hashed = await Argon2Hasher().hash(Secret(PASSWORD))
    (folder / "password").write_text(hashed)
    (folder / "password").chmod(0o600)
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "git")], check=True)
    tree: dict[str, Any] = {
        "server": {"listen": "127.0.0.1:0"},
        "postgres": {"listen": "127.0.0.1:0"},
        "canary": {"every": "off"},
        "people": [
            {"name": "carl", "groups": ["security"], "password": "file:password"},
            {"name": "ana", "groups": ["dba"], "password": "file:password"},
        ],
        "audit": {
            "witness_every": "1s",
            "witnesses": [{"key": key, "url": url}],
            "anchors": [
                {"name": "disk", "kind": "file", "path": "checkpoints", "every": "1s"},
                {"name": "repo", "kind": "git", "path": "git", "every": "1s"},
            ],
        },
    }
    return parse(tree, "assent.toml", folder)


class Person:
    """Somebody at the API of a gateway."""

    def __init__(self, gateway: app.Gateway, name: str) -> None:
        self._client = httpx2.AsyncClient(base_url=gateway.api_url, timeout=60)
        self._name = name

    async def __aenter__(self) -> "Person":
        body = {"name": self._name, "password": PASSWORD}
        token = (await self._client.post("/v1/login", json=body)).json()["token"]
        self._client.headers["authorization"] = f"Bearer {token}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str) -> Any:
        answer = await self._client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, str]) -> Any:
        answer = await self._client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def export(self, folder: Path) -> Path:
        """Write an export of the log into a folder."""
        for name in (await self.get("/v1/audit/export"))["names"]:
            path = folder / safe_name(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((await self._client.get(f"/v1/audit/export/{name}")).content)
        return folder


async def entry_of(gateway: app.Gateway, kind: str, subject: str) -> str:
    """Return the id of the newest entry of a kind about somebody."""
    person = gateway.plane.directory.subject_named(subject)
    assert person is not None
    leaves = [json.loads(one.leaf) for one in await gateway.plane.store.entries(0, 1_000)]
    return [
        str(one["id"]) for one in leaves if one["kind"] == kind and one["subject"] == person.id
    ][-1]


async def caught_up(gateway: app.Gateway) -> None:
    """Wait until witness and anchors have seen all that there is."""
    plane = gateway.plane
    checkpoint = await plane.store.publish()
    for _ in range(600):
        seen = plane.custody.status.observers()
        assert not any(one.disputed for one in seen)
        if all((one.size or 0) >= checkpoint.size for one in seen):
            return
        await asyncio.sleep(0.05)
    raise AssertionError([str(one) for one in plane.custody.status.observers()])


async def test_a_witnessed_log_is_verified_by_who_trusts_only_the_witness(tmp_path: Path) -> None:
    made = subprocess.run(
        assent("witness", "init", str(tmp_path / "w"), "--name", WITNESS),
        check=True,
        capture_output=True,
        text=True,
    )
    witness = made.stdout.strip()
    # The witness must know the log's key, and the log the witness's address.
    first = await a_config(tmp_path, witness, "http://127.0.0.1:1")
    async with app.running(first) as gateway:
        (log,) = gateway.plane.custody.rotation.public
    policy = tmp_path / "trust.txt"
    policy.write_text(f"log {log}\nwitness w {witness}\nquorum w\n")

    async with a_witness(tmp_path / "w", log) as url:
        async with (
            app.running(await a_config(tmp_path, witness, url)) as gateway,
            Person(gateway, "carl") as carl,
            Person(gateway, "ana") as ana,
        ):
            await caught_up(gateway)
            mine = await entry_of(gateway, "login", "ana")
            found = await ana.get(f"/v1/audit/receipts/{mine}?wait_s=30")
            (receipt,) = found["receipts"]
            assert receipt["witnesses"] == [WITNESS]
            _written(tmp_path / "receipts", receipt)
            proof = str(tmp_path / "receipts" / f"{mine}.tlog-proof")
            assert verify(["receipt", proof, "--policy", str(policy)]) == 0

            await carl.get(f"/v1/audit/receipts/{mine}")
            assert await entry_of(gateway, "log.read", "carl")
            status = await carl.get("/v1/audit/status")
            assert {one["name"] for one in status["observers"]} == {WITNESS, "disk", "repo"}
            assert all(one["problem"] == "" for one in status["observers"])
            await caught_up(gateway)
            export = await carl.export(tmp_path / "export")
            assert (
                verify(["log", str(export), "--policy", str(policy), "--fresh-within", "1h"]) == 0
            )

            rotated = await carl.post("/v1/audit/rotate-key", {"reason": "every year"})
            assert rotated["old"] == log
        async with app.running(await a_config(tmp_path, witness, url)) as gateway:
            assert gateway.plane.custody.rotation.public == (log, rotated["new"])
            await until(lambda: "does not know the key" in _problem(gateway))
            async with Person(gateway, "carl") as carl:
                export = await carl.export(tmp_path / "rotated")
                # Nobody told the reader of the new key: the old one vouches for it.
                assert verify(["log", str(export), "--key", log]) == 0
    async with (
        a_witness(tmp_path / "w", log, rotated["new"]) as url,
        app.running(await a_config(tmp_path, witness, url)) as gateway,
        Person(gateway, "carl") as carl,
    ):
        export = await carl.export(tmp_path / "again")
        assert verify(["log", str(export), "--policy", str(policy)]) == 0


def _problem(gateway: app.Gateway) -> str:
    """Return what keeps the witness from seeing the log."""
    return next(
        one.problem for one in gateway.plane.custody.status.observers() if one.name == WITNESS
    )


def _written(folder: Path, receipt: dict[str, Any]) -> None:
    folder.mkdir()
    (folder / f"{receipt['entry']}.tlog-proof").write_text(receipt["proof"])
    (folder / f"{receipt['entry']}.leaf").write_bytes(b64decode(receipt["leaf"]))
