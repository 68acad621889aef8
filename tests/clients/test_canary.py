"""The canary on a real gateway: its rounds, what they leave in the log, and that it is alone."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop, assent, asyncpg_connect, eventually

EVERY_SECONDS = (("\\[policies\\]", '[canary]\nevery = "5s"\n\n[policies]'),)
ROUND_KINDS = 6
READ_ONLY = """
@id("late.read-only") @downgrade("read_only")
forbid (principal, action == Action::"session.open", resource);
"""


@pytest.fixture(scope="module")
def watched(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose canary runs every five seconds."""
    folder: Path = tmp_path_factory.mktemp("canary")
    created = gateway_world.create_world(folder, template, change=EVERY_SECONDS)
    with gateway_world.serving(created) as running:
        eventually(lambda: health(running)["canary"]["count"] >= 2, "two rounds", 30)
        yield running


def health(gateway: Gateway) -> dict[str, object]:
    found: dict[str, object] = gateway.answer("carl", "GET", "/v1/health/detail")
    return found


def check(gateway: Gateway, name: str) -> dict[str, str]:
    checks = health(gateway)["checks"]
    assert isinstance(checks, list)
    return next(one for one in checks if one["name"] == name)


def test_every_round_is_cut_within_a_second(watched: Gateway) -> None:
    found = health(watched)
    assert found["canary"]["late"] == 0  # type: ignore[index]
    assert 0 < found["canary"]["p99_s"] < 1  # type: ignore[index]
    assert all(not one["problem"] for one in found["rounds"])  # type: ignore[attr-defined]
    assert check(watched, "canary")["how"] == "ok"


def test_nobody_sees_it_among_people_targets_and_sessions(watched: Gateway) -> None:
    shown = watched.answer("carl", "GET", "/v1/sessions?everybody=true")["items"]
    assert "assent-canary" not in {one["subject"] for one in shown}
    named = json.dumps(watched.answer("carl", "GET", "/v1/targets"))
    assert "assent-canary" not in named
    assert "assent-canary" not in json.dumps(
        watched.answer("carl", "GET", "/v1/grants?everybody=true")
    )
    everything = watched.answer("carl", "GET", "/v1/sessions?everybody=true&all=true")["items"]
    own = [one for one in everything if one["subject"] == "assent-canary"]
    assert own
    assert all(one["state"] == "cut" for one in own[1:])


def test_nobody_else_reaches_its_target(watched: Gateway) -> None:
    refused = watched.call("ben", "POST", "/v1/connect", {"target": "assent-canary"})
    assert refused.status_code == 403
    assert "the gateway's own" in refused.text


async def test_its_name_opens_nothing_without_its_password(watched: Gateway) -> None:
    host, port = watched.postgres
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(
            host=host, port=port, user="assent-canary", password="guess",
            database="assent-canary", ssl=False, timeout=10,
        )  # fmt: skip


def test_a_round_leaves_few_entries(watched: Gateway, tmp_path: Path) -> None:
    everything = watched.answer("carl", "GET", "/v1/sessions?everybody=true&all=true")["items"]
    session = everything[-1]["id"]
    entries = watched.explanation(session)["entries"]
    kinds = [one["kind"] for one in entries]
    # The revocation itself names the grant and no session.
    assert len(kinds) + 1 <= ROUND_KINDS, kinds
    done = assent(watched, "carl", "audit", "export", str(tmp_path / "log"))
    assert done.returncode == 0, done.stderr
    log = tmp_path / "log"
    done = assent(watched, "carl", "audit", "verify", str(log), "--key", str(log / "key"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_doctor_says_what_it_found(watched: Gateway) -> None:
    done = assent(watched, "carl", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok    canary" in done.stdout
    assert "FAIL" not in done.stdout
    as_json = json.loads(assent(watched, "carl", "doctor", "--json").stdout)
    assert {"store", "checkpoint", "policies", "canary", "clocks", "version"} <= {
        one["name"] for one in as_json["checks"]
    }
    refused = assent(watched, "ana", "doctor")
    assert refused.returncode == 3
    assert "health.read" in refused.stderr


def test_figures_are_there_for_this_machine_and_for_nobody_behind_a_proxy(watched: Gateway) -> None:
    with httpx2.Client(trust_env=False) as http:
        found = http.get(watched.url + "/metrics")
        assert found.status_code == 200
        lines = dict(line.rsplit(" ", 1) for line in found.text.splitlines() if line[0] != "#")
        assert float(lines["assent_canary_up"]) == 1
        assert float(lines['assent_revocation_seconds_count{source="canary"}']) >= 2
        assert float(lines['assent_revocation_seconds_bucket{le="1.0",source="canary"}']) >= 2
        forwarded = http.get(watched.url + "/metrics", headers={"x-forwarded-for": "127.0.0.1"})
        assert forwarded.status_code == 401


async def test_what_people_lose_is_timed_as_well(watched: Gateway, shop: Shop) -> None:
    before = health(watched)["revocations"]["count"]  # type: ignore[index]
    credential = await asyncio.to_thread(watched.connect_as, "dora", for_s=600)
    connection = await asyncpg_connect(credential)
    body = {"because": "enough"}
    await asyncio.to_thread(
        watched.answer, "carl", "POST", f"/v1/grants/{credential.grant}/revoke", body
    )
    await asyncio.to_thread(
        eventually,
        lambda: health(watched)["revocations"]["count"] == before + 1,  # type: ignore[index]
        "it is timed",
    )
    assert health(watched)["revocations"]["late"] == 0  # type: ignore[index]
    connection.terminate()


async def test_a_log_with_standings_in_it_verifies(
    watched: Gateway, shop: Shop, tmp_path: Path
) -> None:
    credential = await asyncio.to_thread(watched.connect_as, "ana", for_s=600)
    connection = await asyncpg_connect(credential)
    late = watched.world.folder / "policies" / "90-late.cedar"
    for text, standing in ((READ_ONLY, "read-only"), ("", "open")):
        late.write_text(text, encoding="utf-8")
        watched.running.send_signal(signal.SIGHUP)
        await asyncio.to_thread(eventually, lambda to=standing: to in standings(watched), standing)
        assert await connection.fetchval("select 42") == 42
    await connection.close(timeout=5)
    folder = str(tmp_path / "log")
    for words in (("export", folder), ("verify", folder, "--key", f"{folder}/key")):
        done = await asyncio.to_thread(assent, watched, "carl", "audit", *words)
        assert done.returncode == 0, done.stdout + done.stderr


def standings(gateway: Gateway) -> list[str]:
    """Return how Ana's newest session stood, one after the other."""
    session = gateway.answer("ana", "GET", "/v1/sessions")["items"][0]["id"]
    entries = gateway.explanation(session)["entries"]
    return [one["facts"]["standing"] for one in entries if one["kind"] == "session.standing"]
