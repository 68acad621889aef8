import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.audit.proof import parse_receipt
from console import HTMX, Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


async def entries_of(console: Console, kind: str) -> list[str]:
    found = await console.world.store.entries(0, 1000)
    leaves = [json.loads(one.leaf) for one in found]
    return [leaf["id"] for leaf in leaves if leaf["kind"] == kind]


async def test_who_oversees_sees_what_happened_newest_first(console: Console) -> None:
    await console.sign_in("ana")
    await console.sign_in("carl")
    page = await console.get("/log")
    assert page.count("signed in by password") == 2
    assert page.index(">carl<") < page.index(">ana<")
    assert len(await entries_of(console, "log.read")) == 1


async def test_everybody_else_sees_what_they_did_themselves(console: Console) -> None:
    await console.sign_in("carl")
    await console.sign_in("ana")
    page = await console.get("/log")
    assert page.count("signed in by password") == 1
    assert "What happened because of you" in page
    (carls, anas) = await entries_of(console, "login")
    assert (await console.http.get(f"/log/{anas}")).status_code == 200
    for path in (f"/log/{carls}", f"/log/{carls}/proof", f"/log/{carls}/leaf"):
        assert (await console.http.get(path)).status_code == 404
    assert await entries_of(console, "log.read") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=login&by=ana", 1),
        ("kind=login", 2),
        ("kind=step-up", 0),
        ("by=ana&since=1h", 1),
        ("kind=login&until=2020-01-01", 0),
        ("kind=login&since=2020-01-01", 2),
        ("kind=login&request=req_1", 0),
    ],
)
async def test_only_what_fits_is_shown(console: Console, query: str, expected: int) -> None:
    await console.sign_in("ana")
    await console.sign_in("carl")
    assert (await console.get(f"/log?{query}")).count("signed in by password") == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("kind=nonsense", "is no kind of entry"),
        ("by=nobody", "there is nobody called"),
        ("target=nowhere", "there is no target"),
        ("session=ses%22%3A", "is no id"),
        ("outcome=good", "is no outcome"),
        ("since=soonish", "soonish"),
    ],
)
async def test_what_cannot_be_asked_is_said(console: Console, query: str, words: str) -> None:
    await console.sign_in("carl")
    answer = await console.http.get(f"/log?{query}", headers=HTMX)
    assert answer.status_code == 422
    assert words.lower() in answer.text.lower()


async def test_pages_follow_each_other_to_the_beginning(console: Console) -> None:
    for _ in range(60):
        await console.sign_in("ana")
    await console.sign_in("carl")
    page, seen = await console.get("/log?kind=login"), 0
    while True:
        seen += page.count("signed in by password")
        if ">Older</a>" not in page:
            break
        path = page.split('<a class="button" href="/log?', 1)[1].split('"', 1)[0]
        page = await console.get("/log?" + path.replace("&amp;", "&"))
    assert seen == 61


async def test_an_entry_shows_its_bytes_and_how_to_prove_it(console: Console) -> None:
    await console.sign_in("ana")
    (entry,) = await entries_of(console, "login")
    page = await console.get(f"/log/{entry}")
    assert "Verify in this browser" in page
    assert "/assets/proof.js" in page
    assert "assent-verify receipt" in page
    assert "&#34;kind&#34;: &#34;login&#34;" in page


async def test_a_browser_is_handed_all_that_a_proof_needs(console: Console) -> None:
    await console.sign_in("ana")
    (entry,) = await entries_of(console, "login")
    answer = await console.http.get(f"/log/{entry}/proof")
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    receipt = parse_receipt(told["receipt"])
    stored = await console.world.store.entry(entry)
    assert stored is not None
    assert receipt.index == stored.index
    assert b64decode(told["leaf"]) == stored.leaf
    assert stored.payload is not None
    assert b64decode(told["payload"]) == stored.payload
    files = [await console.http.get(f"/log/{entry}/{name}") for name in ("receipt", "leaf")]
    assert [one.content for one in files] == [told["receipt"].encode(), stored.leaf]
    assert "attachment" in files[0].headers["content-disposition"]


async def test_trees_that_the_log_never_had_are_not_proved(console: Console) -> None:
    await console.sign_in("ana")
    await console.sign_in("ben")
    await console.world.store.publish()
    size = (await console.world.store.checkpoint()).size
    assert (await console.http.get(f"/log/consistency/1/{size}")).status_code == 200
    for old, new in ((1, size + 1), (size, 1)):
        assert (await console.http.get(f"/log/consistency/{old}/{new}")).status_code == 404
