import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from console import Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


async def test_a_bundle_is_proved_without_the_server(console: Console, tmp_path: Path) -> None:
    await console.sign_in("ana")
    await console.sign_in("carl")
    console.world.clock.advance(timedelta(minutes=1))
    answer = await console.post("/log/export/bundle", since="1h", text="yes")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="assent-')
    folder = tmp_path / "bundle"
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert len(events) >= 2
    key = console.world.plane.audit.verifier_key
    verifying = [sys.executable, "-m", "assent_verify", "bundle", str(folder), "--key", key]
    done = subprocess.run(verifying, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_that_it_was_taken_is_in_the_log(console: Console) -> None:
    await console.sign_in("carl")
    console.world.clock.advance(timedelta(minutes=1))
    await console.post("/log/export/bundle", since="1h")
    await console.post("/log/export/report", name="approvals", since="1h")
    leaves = [json.loads(one.leaf) for one in await console.world.store.entries(0, 100)]
    kinds = [(one["kind"], one["facts"].get("what")) for one in leaves]
    assert ("audit.exported", "bundle") in kinds
    assert ("log.read", "report") in kinds


async def test_a_report_is_handed_out_as_json(console: Console) -> None:
    await console.sign_in("carl")
    answer = await console.post("/log/export/report", name="access-review", since="1h")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["report"] == "access-review"


async def test_nobody_else_is_shown_the_page_or_takes_anything(console: Console) -> None:
    await console.sign_in("ana")
    assert (await console.http.get("/log/export")).status_code == 403
    assert (await console.post("/log/export/bundle", since="1h")).status_code == 403
    assert (await console.post("/log/export/report", since="1h")).status_code == 403


@pytest.mark.parametrize(
    ("since", "until", "status"), [("soonish", "", 422), ("1h", "2h ago", 409), ("1h", "7d", 409)]
)
async def test_a_period_that_is_none_is_said(
    console: Console, since: str, until: str, status: int
) -> None:
    await console.sign_in("carl")
    answer = await console.post("/log/export/bundle", since=since, until=until)
    assert answer.status_code in (status, 422)
    assert "zip" not in answer.headers["content-type"]
