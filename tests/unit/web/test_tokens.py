"""The page of one's own tokens: confirmed first, shown once, revoked."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.api_tokens import STEPPED_UP_WITHIN
from console import Console, a_console

PAGE = "/account/tokens"


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as made:
        await made.sign_in("ben")
        yield made


async def test_a_token_is_made_shown_once_and_revoked(console: Console) -> None:
    made = await console.post(PAGE, name="nightly", days="7", permissions="access.ask")
    assert made.status_code == 200
    token = re.search(r"<code[^>]*>(token-\d+|[\w-]{43})</code>", made.text)
    assert token
    again = await console.get(PAGE)
    assert token[1] not in again
    assert "nightly" in again
    identity = re.search(r"/account/tokens/(tok_\w+)/revoke", again)
    assert identity
    gone = await console.post(f"{PAGE}/{identity[1]}/revoke")
    assert gone.status_code == 303
    assert "You have no tokens" in await console.get(PAGE)


async def test_what_does_not_fit_is_said_and_what_was_typed_stays(console: Console) -> None:
    nothing = await console.post(PAGE, name="nightly", days="7")
    assert nothing.status_code == 409
    assert "good for" in nothing.text
    assert 'value="nightly"' in nothing.text
    too_much = await console.post(PAGE, name="x", permissions="people.change")
    assert too_much.status_code == 403
    assert (await console.post(PAGE, name="x", permissions="no.such")).status_code == 422
    assert (
        await console.post(PAGE, name="x", holder="ana", permissions="access.ask")
    ).status_code == 404


async def test_who_has_not_just_confirmed_is_asked_to_first(console: Console) -> None:
    console.world.clock.advance(STEPPED_UP_WITHIN + timedelta(seconds=1))
    page = await console.get(PAGE)
    assert "Confirm that it is you first" in page
    assert 'name="permissions"' not in page
    refused = await console.post(PAGE, name="x", permissions="access.ask")
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/step-up")
