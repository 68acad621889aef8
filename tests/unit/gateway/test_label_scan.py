"""Samples are looked at on a real server; nothing but counts comes back."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import cast

import pytest

from assent.content.detectors import LABELS
from assent.content.patterns import OwnPattern
from assent.core.faults import OutsideFault
from assent.core.ids import TargetId
from assent.core.label import Sampled
from assent.core.ports import CredentialBroker
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway.label_scan import LabelScan
from gateway_world import Shop

_schemas = count(1)


class Broker:
    """Reaches the shop as the role that owns it, or as another one."""

    def __init__(self, shop: Shop) -> None:
        self._account = (shop.database.user, shop.database.password)

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        return self._account


def a_target(shop: Shop, **changes: object) -> Target:
    database = shop.database
    target = Target(
        TargetId("tgt_shop"), "shop", "postgres", database.host, database.port, database.name,
        "", "", tls="disable",
    )  # fmt: skip
    return replace(target, **changes)  # type: ignore[arg-type]


def scanned(
    shop: Shop, most: int = 200, own: Sequence[OwnPattern] = (), target: Target | None = None
) -> tuple[dict[str, Sampled], list[tuple[int, int, int]]]:
    """Return what was found by the name of the column, and what was told meanwhile."""
    told: list[tuple[int, int, int]] = []

    async def work() -> list[Sampled]:
        scan = LabelScan(cast(CredentialBroker, Broker(shop)), own)
        labels = [*LABELS, *(item.label for item in own)]
        found = scan.sample(
            target or a_target(shop), labels, most, lambda *numbers: told.append(numbers)
        )
        return [one async for one in found]

    return {one.name: one for one in shop.loop.run(work())}, told


@pytest.fixture
def schema(shop: Shop) -> str:
    """A schema of this test's own."""
    name = f"scan_{next(_schemas)}"
    shop.run(f"create schema {name}")
    return name


def test_what_values_look_like_is_counted(shop: Shop, schema: str) -> None:
    shop.run(
        f"""
        create domain {schema}.mail as text;
        create table {schema}.people (
            id int, contact {schema}.mail, pan text, big bigint, doc jsonb, note varchar(100),
            empty text
        );
        insert into {schema}.people
        select n, 'p' || n || '@example.com', '4111 1111 1111 1111', 4111111111111111,
            jsonb_build_object('ip', '203.0.113.9'),
            case when n % 2 = 0 then 'call +442071838750' else 'thing' end, null
        from generate_series(1, 50) n
        """
    )
    found, told = scanned(shop, most=20)
    prefix = f"{schema}.people"
    assert f"{prefix}.id" not in found
    assert found[f"{prefix}.contact"].matched == {"pii.email": 20}
    assert found[f"{prefix}.contact"].sampled == 20
    assert found[f"{prefix}.pan"].matched == {"pci.card": 20}
    assert found[f"{prefix}.big"].matched == {"pci.card": 20}
    assert found[f"{prefix}.doc"].matched == {"pii.ip": 20}
    assert found[f"{prefix}.note"].matched == {"pii.phone": 10}
    assert found[f"{prefix}.empty"] == Sampled(f"{prefix}.empty", 0, {})
    assert told[-1][0] == told[-1][1] > 0


def test_values_are_never_in_what_comes_back(shop: Shop, schema: str) -> None:
    shop.run(
        f"create table {schema}.t (a text);"
        f"insert into {schema}.t select 'very-secret-' || n || '@example.com' "
        "from generate_series(1, 9) n"
    )
    found, told = scanned(shop)
    assert found[f"{schema}.t.a"].matched == {"pii.email": 9}
    assert "very-secret" not in repr((found, told))


def test_a_mostly_empty_column_is_looked_through_for_values(shop: Shop, schema: str) -> None:
    shop.run(
        f"create table {schema}.t (a text);"
        f"insert into {schema}.t select case when n > 2990 then 'a' || n || '@example.com' end "
        "from generate_series(1, 3000) n"
    )
    assert scanned(shop, most=50)[0][f"{schema}.t.a"] == Sampled(
        f"{schema}.t.a", 10, {"pii.email": 10}
    )


def test_a_large_table_is_sampled_at_random(shop: Shop, schema: str) -> None:
    shop.run(
        f"create table {schema}.t (a text);"
        f"insert into {schema}.t select 'a' || n || '@example.com' "
        "from generate_series(1, 30000) n;"
        f"analyze {schema}.t"
    )
    found = scanned(shop, most=100)[0][f"{schema}.t.a"]
    assert found.sampled == 100
    assert found.matched == {"pii.email": 100}


def test_names_with_dots_and_quotes_are_written_as_policies_write_them(
    shop: Shop, schema: str
) -> None:
    shop.run(
        f'create table {schema}."odd ""t.x" ("a.b" text);'
        f'insert into {schema}."odd ""t.x" values (\'a@example.com\')'
    )
    assert f'{schema}."odd ""t.x"."a.b"' in scanned(shop)[0]


def test_nothing_that_somebody_else_wrote_is_run(shop: Shop, schema: str) -> None:
    shop.run(
        f"""
        create table {schema}.trail (n int);
        create function {schema}.leaves_a_trail() returns boolean language plpgsql volatile as
            $$ begin raise exception 'it was run'; end $$;
        create table {schema}.guarded (a text);
        insert into {schema}.guarded values ('a@example.com');
        alter table {schema}.guarded enable row level security;
        alter table {schema}.guarded force row level security;
        create policy all_of_it on {schema}.guarded using ({schema}.leaves_a_trail());
        create view {schema}.seen as select 'a@example.com' as a where {schema}.leaves_a_trail();
        """
    )
    found, told = scanned(shop)
    assert f"{schema}.guarded.a" not in found
    assert f"{schema}.seen.a" not in found
    assert told[-1][2] == 1
    shop.run(f"drop table {schema}.guarded cascade")


def test_what_the_role_may_not_read_is_left_out(shop: Shop, schema: str) -> None:
    shop.query(f"create table {schema}.hidden (a text)")
    assert f"{schema}.hidden.a" not in scanned(shop)[0]


def test_partitions_are_looked_at_through_their_table(shop: Shop, schema: str) -> None:
    shop.run(
        f"create table {schema}.p (k int, a text) partition by list (k);"
        f"create table {schema}.p1 partition of {schema}.p for values in (1);"
        f"insert into {schema}.p select 1, 'a' || n || '@example.com' from generate_series(1, 9) n"
    )
    found = scanned(shop)[0]
    assert found[f"{schema}.p.a"].matched == {"pii.email": 9}
    assert f"{schema}.p1.a" not in found


def test_operators_own_patterns_are_looked_for(shop: Shop, schema: str) -> None:
    shop.run(
        f"create table {schema}.t (a text);"
        f"insert into {schema}.t select 'E' || (100000 + n) from generate_series(1, 9) n"
    )
    found = scanned(shop, own=[OwnPattern("hr.employee", "^E[0-9]{6}$")])[0]
    assert found[f"{schema}.t.a"].matched == {"hr.employee": 9}


def test_a_target_that_is_away_is_an_outside_fault(shop: Shop) -> None:
    with pytest.raises(OutsideFault):
        scanned(shop, target=a_target(shop, database="no_such_database"))
