"""Law: whatever an auditor calls, nothing changes but what the log says of their reading."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

from assent.control.sign_in import Caller
from assent.core.request import Request
from assent.core.secret import Secret
from builders import TIM, a_caller
from doors import PEOPLE, House, a_house, doors

_MINUTES = timedelta(minutes=2)
# What says that somebody read, and what is of one's own account.
_READING = ("log.read", "recording.read", "audit.exported", "session.watched")
_OWN = ("login", "logout", "step-up", "authenticator.", "token.", "device.", "sign-in")
# The log itself, how far it is signed and looked through, and the sign-ins of people.
_LOG = frozenset(
    {
        *("entries", "payloads", "frontier", "checkpoints", "tiles", "data_keys", "unsequenced"),
        *("cursors", "cosignatures", "tokens", "authenticators", "device_keys", "halts"),
        "sign_in_networks",
    }
)


async def _known(house: House) -> dict[str, str]:
    """Return the names of what is there, for the parts of paths."""
    client = await house.world.connect()
    request = await house.world.access.ask(a_caller(TIM), "shop", None, "because", "")
    assert isinstance(request, Request)
    grant = house.world.grants.counting(await _caller(house), everybody=True)[0]
    return {
        "request_id": request.id,
        "grant_id": grant.id,
        "session_id": client.live.session.id,
        "id": request.id,
        "about": request.id,
        "target": "shop",
        "name": "shop",
        "person": "ana",
    }


async def _caller(house: House) -> Caller:
    token = Secret(await house.token("security"))
    return await house.world.sign_in.authenticate(token, "127.0.0.1", "api")


def _state(folder: Path) -> dict[str, list[str]]:
    """Return every row that an auditor must not change."""
    with sqlite3.connect(folder / "assent.db") as reading:
        tables = "select name from sqlite_master where type = 'table'"
        names = [name for (name,) in reading.execute(tables) if name not in _LOG]
        return {
            name: sorted(map(repr, reading.execute(f'select * from "{name}"'))) for name in names
        }


async def _kinds(house: House) -> list[str]:
    leaves = [json.loads(entry.leaf) for entry in await house.world.store.entries(0, 10_000)]
    own = PEOPLE["auditor"].id
    return [leaf["kind"] for leaf in leaves if leaf["subject"] == own]


async def test_an_auditor_changes_nothing_through_any_route(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        known = await _known(house)
        await house.token("auditor")
        before = _state(tmp_path)
        for door in doors(house.app):
            if door.path != "/v1/logout":
                await house.knock(door, "auditor", known)
        after = _state(tmp_path)
        kinds = await _kinds(house)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == set()
    strange = {kind for kind in kinds if kind not in _READING and not kind.startswith(_OWN)}
    assert strange == set()


async def test_each_read_of_others_is_in_the_log(tmp_path: Path) -> None:
    reads = {
        "/v1/requests/{request_id}": "request",
        "/v1/requests": "requests",
        "/v1/grants?everybody=true": "grants",
        "/v1/sessions?everybody=true": "sessions",
        "/v1/plans?everybody=true": "plans",
        "/v1/explain/{request_id}": "story",
        "/v1/risk/profiles/ana": "profile",
        "/v1/audit/receipts/{request_id}": "receipts",
        "/v1/reports/approvals?since=2026-01-01T00:00:00Z": "report",
        "/v1/search?resource=orders": "effects",
        "/v1/recordings?everybody=true": "sessions",
        "/grants?whose=everybody": "grants",
    }
    unsaid = []
    async with a_house(tmp_path) as house:
        known = await _known(house)
        token = await house.token("auditor")
        headers = {"authorization": f"Bearer {token}", "cookie": f"assent={token}"}
        for path, what in reads.items():
            house.world.clock.advance(_MINUTES)
            size = len(await house.world.store.entries(0, 10_000))
            answer = await house.call("GET", path.format(**known), headers)
            assert answer.status == 200, answer.text
            new = [json.loads(one.leaf) for one in await house.world.store.entries(size, 100)]
            said = [one["facts"]["what"] for one in new if one["kind"] == "log.read"]
            if what not in said:
                unsaid.append((path, said))
    assert unsaid == [], repr(unsaid)
