"""What a token is for cuts what its owner may; and what no role gives anybody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.changes import PutSubject
from assent.core.faults import ForbiddenFault
from assent.core.role import PERMISSIONS, Permission, Role, permissions_of
from assent.core.subject import roles_of
from assent.core.token import TokenKind
from builders import TIM, a_caller
from doors import PEOPLE, House, Reply, a_house, doors


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path) as house:
        yield house


async def with_token(house: House, role: str, *permissions: Permission) -> dict[str, str]:
    """Return the headers of a program with a token of its own for those."""
    secret, _ = await house.world.sign_in.issue(
        PEOPLE[role], TokenKind.API, "api-token", permissions=frozenset(permissions)
    )
    return {"authorization": f"Bearer {secret.reveal()}"}


async def get(house: House, path: str, headers: dict[str, str]) -> Reply:
    return await house.call("GET", path, headers)


async def test_a_token_opens_what_it_is_for_and_nothing_else(house: House) -> None:
    headers = await with_token(house, "security", Permission.READ_LOG)
    assert (await get(house, "/v1/audit/holds", headers)).status == 200
    for path in ("/v1/audit/export", "/v1/requests", "/v1/notices", "/v1/health/detail"):
        assert (await get(house, path, headers)).is_refused_at_the_door, path


async def test_a_token_gives_nobody_more_than_they_have(house: House) -> None:
    headers = await with_token(house, "requester", *Permission)
    assert (await get(house, "/v1/audit/holds", headers)).is_refused_at_the_door
    assert (await get(house, "/v1/requests", headers)).status == 200


async def test_a_token_that_only_asks_sees_nothing_of_others(house: House) -> None:
    asked = await house.world.access.ask(a_caller(TIM), "shop", None, "because", "")
    whole = await with_token(house, "security", Permission.READ_ACCESS, Permission.READ_PAYLOADS)
    cut = await with_token(house, "security", Permission.ASK)
    assert asked.id in (await get(house, "/v1/requests", whole)).text
    assert asked.id not in (await get(house, "/v1/requests", cut)).text
    assert (await get(house, f"/v1/requests/{asked.id}", cut)).status == 404


async def test_a_token_without_payloads_sees_that_somebody_asks_and_not_what_they_wrote(
    house: House,
) -> None:
    asked = await house.world.access.ask(a_caller(TIM), "shop", None, "a secret of tim", "")
    headers = await with_token(house, "security", Permission.READ_ACCESS)
    found = (await get(house, f"/v1/requests/{asked.id}", headers)).text
    assert asked.id in found
    assert "a secret of tim" not in found
    assert "log.read-payloads" in found


async def test_an_auditor_asks_for_nothing_whichever_way_they_come(house: House) -> None:
    with pytest.raises(ForbiddenFault, match="needs the permission"):
        await house.world.access.ask(a_caller(PEOPLE["auditor"]), "shop", None, "", "")


def test_no_role_provisions() -> None:
    assert all(Permission.PROVISION not in permissions for permissions in PERMISSIONS.values())


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_an_auditor_is_nothing_else_beside(role: Role) -> None:
    assert permissions_of({Role.AUDITOR, role}) == PERMISSIONS[Role.AUDITOR]


async def test_an_administrator_does_not_approve_their_own(house: House) -> None:
    person = replace(PEOPLE["administrator"], groups=frozenset({"administrators", "temps", "dba"}))
    await house.world.store.commit([PutSubject(person)], ())
    house.world.directory.put_subject(person)
    assert Role.ADMINISTRATOR in roles_of(person)
    asked = await house.world.access.ask(a_caller(person), "shop", None, "for me", "")
    (door,) = (
        one for one in doors(house.app) if one.row == "POST /v1/requests/{request_id}/approve"
    )
    answer = await house.knock(door, "administrator", {"request_id": asked.id})
    assert answer.status == 403
    assert not answer.is_refused_at_the_door
    assert (await house.world.stored(asked.id)).approvals == ()
