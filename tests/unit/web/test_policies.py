import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from assent.web.policy_gallery import GALLERY
from builders import POLICIES
from console import Console, a_console

GOOD = (
    '@id("more.read") permit (principal in Group::"engineers", '
    'action == Action::"sql.read", resource in Target::"shop");\n'
)
CASES = """
[people.ana]
groups = ["engineers"]
[targets.shop]
environment = "prod"
[[case]]
name = "an engineer reads"
given = { who = "ana" }
when = { sql = "select 1 from orders" }
then = { answer = "permit" }
"""
CHANGERS = """
@id("change.propose") permit (principal in Group::"security", action in
[Action::"policy.change", Action::"target.change"], resource);
@id("change.assent") @require("reason; approve: 1 of dba")
forbid (principal, action in [Action::"policy.change", Action::"target.change"], resource);
"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, CHANGERS) as found:
        await _in_force(found)
        await found.sign_in("carl")
        yield found


async def _in_force(console: Console) -> None:
    plane = console.world.plane
    sources = {"00.cedar": POLICIES, "01.cedar": CHANGERS}
    plane.configuring.begin(sources, plane.directory.targets())


async def a_draft(console: Console) -> str:
    answer = await console.post("/policies/drafts", name="more reading")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def saved(console: Console, draft: str, name: str, text: str) -> str:
    await console.post(draft, name=name, does="add")
    answer = await console.post(draft, file=name, text=text.replace("\n", "\r\n"), does="save")
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def test_what_is_in_force_is_shown_with_what_each_rule_asks(console: Console) -> None:
    page = unescape(await console.get("/policies"))
    assert "change.assent" in page
    assert "Lifted by: say why; assent of 1 of dba." in page
    assert '<span class="c-effect">forbid</span>' in page


async def test_whoever_may_not_read_policies_sees_none(console: Console) -> None:
    await console.sign_in("ana")
    for path in ("/policies", "/policies/drafts", "/policies/gallery"):
        assert (await console.http.get(path)).status_code == 403
    assert 'href="/policies"' not in await console.get("/")


async def test_a_draft_begins_as_what_is_in_force_and_keeps_what_is_written(
    console: Console,
) -> None:
    draft = await a_draft(console)
    page = unescape(await console.get(draft))
    assert "The same as what is in force" in page
    page = await saved(console, draft, "20-more.cedar", GOOD)
    assert re.search(r"\d+ rules, all of them right", page)
    assert "1 differs from what is in force" in page
    assert 'permit (principal in Group::"engineers"' in unescape(
        await console.get(draft + "?file=20-more.cedar")
    )
    assert "more reading" in await console.get("/policies/drafts")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('@id("a") permit (principal, action, resource)', ":1:1", ""),
        (
            '@id("a")\npermit (principal, action == Action::"sql.raed", resource);',
            ":2:",
            "sql.raed",
        ),
        ('@id("a") @mistake("x") permit (principal, action, resource);', ":1:10", "mistake"),
        ("permit (principal, action, resource);", ":1:", "@id"),
        ('@id("a") permit (principal, action, resource) when { context.nonsense };', ":1:", ""),
    ],
)
async def test_what_is_wrong_is_said_with_line_and_column(
    console: Console, text: str, place: str, words: str
) -> None:
    draft = await a_draft(console)
    await console.post(draft, name="20-more.cedar", does="add")
    answer = await console.post(f"{draft}/check", file="20-more.cedar", text=text)
    page = unescape(answer.text)
    assert f"20-more.cedar{place}" in page
    assert words in page
    # Nothing of it was kept.
    assert "all of them right" in unescape(await console.get(draft))


async def test_cases_of_a_draft_are_tried_on_what_is_typed(console: Console) -> None:
    draft = await a_draft(console)
    await saved(console, draft, "more.policy-test.toml", CASES)
    await console.post(draft, name="20-more.cedar", does="add")
    answer = await console.post(f"{draft}/cases", file="20-more.cedar", text=GOOD)
    assert "1 of 1 as expected" in answer.text
    never = '@id("never") forbid (principal, action == Action::"sql.read", resource);'
    answer = await console.post(f"{draft}/cases", file="20-more.cedar", text=never)
    assert "0 of 1 as expected" in answer.text
    answer = await console.post(f"{draft}/cases", file="20-more.cedar", text="permit")
    assert "20-more.cedar:1" in answer.text


async def test_what_was_decided_is_replayed(console: Console) -> None:
    draft = await a_draft(console)
    answer = await console.post(f"{draft}/past", since="7d")
    assert answer.status_code == 200
    assert "replayed" in answer.text
    answer = await console.post(f"{draft}/past", since="soonish")
    assert "soonish" in answer.text


async def test_a_proposal_says_whom_it_asks_and_leads_to_the_request(console: Console) -> None:
    draft = await a_draft(console)
    await saved(console, draft, "20-more.cedar", GOOD)
    page = unescape(await console.get(f"{draft}/proposal"))
    assert "assent of 1 of dba" in page
    assert "more.read" in page
    answer = await console.post(f"{draft}/propose", reason="engineers need it")
    assert re.fullmatch("/requests/req_.*", answer.headers["location"])


async def test_a_draft_that_does_not_load_is_not_proposed(console: Console) -> None:
    draft = await a_draft(console)
    await saved(console, draft, "20-more.cedar", "permit")
    answer = await console.post(f"{draft}/propose", reason="x")
    assert answer.status_code == 422
    assert "20-more.cedar:1" in answer.text


async def test_nobody_changes_the_draft_of_another(console: Console) -> None:
    draft = await a_draft(console)
    console.world.replace_people()
    await console.sign_in("carl")
    other = draft[:-2] + ("00" if not draft.endswith("00") else "11")
    for path in ("", "/check", "/cases", "/drop", "/propose", "/shadow", "/past"):
        answer = await console.post(f"{other}{path}", file="x.cedar", text="")
        assert answer.status_code == 404, path


@pytest.mark.parametrize("name", ["../x.cedar", "x.txt", "a/b.cedar", "x" * 90 + ".cedar"])
async def test_a_file_by_another_name_is_refused(console: Console, name: str) -> None:
    draft = await a_draft(console)
    answer = await console.post(draft, name=name, does="add")
    assert answer.status_code in (409, 422)


async def test_a_draft_in_the_shadow_counts_until_it_is_ended(console: Console) -> None:
    draft = await a_draft(console)
    await saved(console, draft, "20-more.cedar", GOOD)
    assert (await console.post(f"{draft}/shadow", does="begin")).status_code == 303
    assert "would be other ones" in await console.get(draft)
    other = await a_draft(console)
    assert (await console.post(f"{other}/shadow", does="begin")).status_code == 409
    await console.post(f"{draft}/shadow", does="end")
    assert "Try it in the shadow" in await console.get(draft)


@pytest.mark.parametrize("name", GALLERY)
async def test_each_of_the_gallery_is_shown_and_becomes_a_draft_that_is_right(
    console: Console, name: str
) -> None:
    assert "Use it alone" in await console.get(f"/policies/gallery/{name}")
    answer = await console.post(f"/policies/gallery/{name}", beside="")
    assert answer.status_code == 303
    page = unescape(await console.get(answer.headers["location"]))
    assert "all of them right" in page
    tried = await console.post(answer.headers["location"].split("?")[0] + "/cases")
    assert re.search(r"(\d+) of \1 as expected", tried.text), tried.text


async def test_a_revision_is_shown_as_it_was_with_what_differs_now(console: Console) -> None:
    assert (await console.http.get("/policies/revisions/pol-0000000000000000")).status_code == 404
    assert (await console.http.get("/policies/gallery/nothing")).status_code == 404
