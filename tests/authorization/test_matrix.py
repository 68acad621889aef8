"""Who passes which door: every route of the running application, tried by every role."""

from pathlib import Path

import pytest

from assent.core.role import Permission, permissions_of
from assent.core.subject import roles_of
from doors import NOBODY, PEOPLE, ROLES, Door, a_house, doors, matrix

PUBLIC = frozenset(ROLES)


async def test_every_route_has_a_row_and_every_row_a_route(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        routes = {door.row for door in doors(house.app)}
    rows = matrix().keys()
    assert sorted(routes - rows) == [], "routes without a row in matrix.toml"
    assert sorted(rows - routes) == [], "rows of matrix.toml without a route"


async def test_every_route_says_what_it_needs_or_why_it_is_public(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        silent = [
            door.row
            for door in doors(house.app)
            if not door.says and door.row not in ("MOUNT /assets", "GET /openapi.json")
        ]
    assert silent == [], "declare `needs(…)` or `public(…)`"


async def test_the_rows_are_what_the_permissions_of_each_role_give(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        found = {door.row: _expected(door) for door in doors(house.app)}
    rows = matrix()
    wrong = {row: sorted(who) for row, who in found.items() if rows.get(row) != who}
    assert wrong == {}, "routes whose row says something else"


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_passes_where_its_row_says_so_and_nowhere_else(
    tmp_path: Path, role: str
) -> None:
    rows, wrong = matrix(), []
    async with a_house(tmp_path) as house:
        for door in doors(house.app):
            answer = await house.knock(door, role)
            passed = not answer.is_refused_at_the_door
            if passed != (role in rows.get(door.row, ())) or answer.status >= 500:
                wrong.append(f"{door.row}: {answer.status} {answer.text[:120]!r}")
    assert wrong == []


def _expected(door: Door) -> frozenset[str]:
    """Return who may pass, from what the route says and from the table of roles."""
    if not door.needs:
        return PUBLIC
    return frozenset(
        role
        for role in PEOPLE
        if all(not _permissions(role).isdisjoint(any_of) for any_of in door.needs)
    )


def _permissions(role: str) -> frozenset[Permission]:
    return permissions_of(roles_of(PEOPLE[role]))


def test_nobody_is_no_role_of_a_person() -> None:
    assert NOBODY not in PEOPLE
