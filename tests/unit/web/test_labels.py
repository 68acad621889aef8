"""The pages about labels: what waits for an owner, what is in force, and scanning."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.core.label import Label, LabelSource, LabelState
from builders import SHOP
from console import HTMX, Console, a_console

MASKING = """
@id("mask-pii") @mask("pii: partial")
permit (principal in Group::"temps", action == Action::"sql.read", resource);
"""
NAME = "public.customers.email"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, MASKING) as made:
        made.world.configuring.begin({"masking.cedar": MASKING}, (SHOP,))
        suggestion = Label(
            SHOP.id, NAME, "pii.email", LabelState.SUGGESTED, LabelSource.SCAN, 190, 200
        )
        await made.world.plane.labels.suggest(suggestion)
        await made.sign_in("ben")
        yield made


async def test_an_owner_approves_what_a_scan_suggested_and_takes_it_off_again(
    console: Console,
) -> None:
    assert 'href="/labels/shop"' in await console.get("/labels")
    text = await console.get("/labels/shop")
    assert "190 of 200 values look like it" in text
    assert "hidden: partial" in text
    fields = {"column": NAME, "label": "pii.email"}
    done = await console.post("/labels/shop/decide", verdict="approve", **fields)
    assert done.headers["location"] == "/labels/shop"
    assert console.world.directory.target(SHOP.id).labels[NAME] == {"pii.email"}
    again = await console.post("/labels/shop/decide", verdict="approve", **fields)
    assert again.status_code == 409
    assert "It is approved already" in again.text
    await console.post("/labels/shop/decide", verdict="reject", **fields)
    assert NAME not in console.world.directory.target(SHOP.id).labels
    assert "Rejected, 1 of them" in await console.get("/labels/shop")


async def test_labels_are_found_by_a_part_of_their_name(console: Console) -> None:
    assert NAME in (await console.get("/labels/shop?text=EMAIL")).partition("<h2>")[2]
    assert "None that fits" in await console.get("/labels/shop?text=nothing-like-it")


async def test_who_does_not_own_a_target_neither_sees_nor_decides(console: Console) -> None:
    await console.sign_in("ana")
    assert 'href="/labels/shop"' not in await console.get("/labels")
    assert (await console.http.get("/labels/shop")).status_code == 403
    fields = {"column": NAME, "label": "pii.email"}
    refused = await console.post("/labels/shop/decide", verdict="approve", **fields)
    assert refused.status_code == 403
    assert (await console.post("/labels/shop/scan")).status_code == 403


async def test_who_oversees_sees_and_leaves_it_to_the_owners(console: Console) -> None:
    await console.sign_in("carl")
    text = await console.get("/labels/shop")
    assert "Its owners decide: dba" in text
    assert "/labels/shop/decide" not in text


async def test_a_scan_that_cannot_begin_says_why_and_progress_is_a_part(console: Console) -> None:
    refused = await console.post("/labels/shop/scan", sample="200")
    assert refused.status_code != 303
    assert 'role="alert"' in refused.text
    part = await console.http.get("/labels/shop/scan", headers=HTMX)
    assert "Nobody has scanned it" in part.text
    assert "<html" not in part.text
