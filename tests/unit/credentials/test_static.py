"""One account for every session."""

from dataclasses import replace
from pathlib import Path
from typing import cast

from assent.core.lease import Lease
from assent.core.secret import Secret
from assent.core.session import Session
from assent.credentials.references import References
from assent.credentials.static import StaticBroker
from builders import SHOP

SESSION = cast(Session, None)


async def test_a_rotated_password_counts_at_once(tmp_path: Path) -> None:
    broker = StaticBroker(References(tmp_path))
    target = replace(SHOP, credential="file:password")
    for password in ("one", "two"):
        (tmp_path / "password").write_text(password)
        lease = await broker.lease(target, SESSION, None)
        assert (lease.user, lease.password.reveal()) == (target.user, password)
        user, standing = await broker.standing(target)
        assert (user, standing.reveal()) == (target.user, password)


async def test_the_account_stays(tmp_path: Path) -> None:
    broker = StaticBroker(References(tmp_path))
    await broker.release(SHOP, Lease("app", Secret("x")))
    assert await broker.sweep(SHOP, ()) == []
