"""Changes of grants: what is spent, begun or revoked fits by its own statement, or conflicts."""

from functools import cache
from typing import Any, TypeAlias, assert_never

from sqlalchemy import Connection, Update, bindparam, or_, update

from assent.core.changes import BeginGrant, PutGrant, RevokeGrant, SpendGrant
from assent.core.faults import ConflictFault
from assent.core.grant import Grant
from assent.core.scope import AMOUNTS
from assent.stores import workflow_rows as rows
from assent.stores.statements import changed, put
from assent.stores.tables import grants, plan_texts

Granting: TypeAlias = PutGrant | RevokeGrant | SpendGrant | BeginGrant

GRANTING = (PutGrant, RevokeGrant, SpendGrant, BeginGrant)


def apply(connection: Connection, change: Granting) -> None:
    """Write one change. Raises ConflictFault; then the caller undoes what it wrote."""
    match change:
        case PutGrant(grant):
            _put(connection, grant)
        case RevokeGrant():
            _revoke(connection, change)
        case SpendGrant():
            _spend(connection, change)
        case BeginGrant():
            _begin(connection, change)
        case _:
            assert_never(change)


def _put(connection: Connection, grant: Grant) -> None:
    put(connection, grants, rows.grant_row(grant))
    if grant.plan:
        connection.execute(plan_texts.insert(), rows.plan_rows(grant))


def _revoke(connection: Connection, change: RevokeGrant) -> None:
    valid = update(grants).where(grants.c.id == change.grant, grants.c.revoked_at.is_(None))
    if not changed(
        connection,
        valid.values(revoked_at=change.at, revoked_by=change.by, revoked_because=change.because),
    ):
        raise ConflictFault(
            "grant-over", f"grant `{change.grant}` is revoked already or does not exist"
        )


def _spend(connection: Connection, change: SpendGrant) -> None:
    amounts = {f"more_{name}": getattr(change.more, name) for name in AMOUNTS}
    spent = {"of_grant": change.grant, **amounts}
    if not changed(connection, _spending(change.force), spent):
        raise ConflictFault(
            "budget-spent",
            f"grant `{change.grant}` is used up, revoked or does not exist; ask for another one",
        )
    if change.planned:
        _use_text(connection, change)


def _use_text(connection: Connection, change: SpendGrant) -> None:
    text = {"of_grant": change.grant, "of_text": change.planned}
    if not changed(connection, _using(change.force), text):
        raise ConflictFault(
            "plan-used-up",
            f"grant `{change.grant}` does not let text `{change.planned[:80]}` run once more",
        )


# Kept, because building one costs more than running it, and one comes with every action.
@cache
def _spending(force: bool) -> Update:
    fits = update(grants).where(grants.c.id == bindparam("of_grant"))
    if not force:
        fits = fits.where(grants.c.revoked_at.is_(None), *map(_is_left, AMOUNTS))
    more: dict[Any, Any] = {
        spent: spent + bindparam(f"more_{name}")
        for name, spent in ((name, grants.c[f"spent_{name}"]) for name in AMOUNTS)
    }
    return fits.values(more)


def _is_left(name: str) -> Any:
    limit = grants.c[f"limit_{name}"]
    return or_(limit.is_(None), grants.c[f"spent_{name}"] < limit)


@cache
def _using(force: bool) -> Update:
    fits = update(plan_texts).where(
        plan_texts.c.grant_id == bindparam("of_grant"), plan_texts.c.digest == bindparam("of_text")
    )
    if not force:
        fits = fits.where(plan_texts.c.used < plan_texts.c.times)
    return fits.values({plan_texts.c.used: plan_texts.c.used + 1})


def _begin(connection: Connection, change: BeginGrant) -> None:
    waits = update(grants).where(
        grants.c.id == change.grant,
        grants.c.began_at.is_(None),
        # Otherwise beginning would give new life to what is over.
        grants.c.revoked_at.is_(None),
        grants.c.starts_at <= change.at,
        grants.c.ends_at > change.at,
    )
    if not changed(connection, waits.values(began_at=change.at, ends_at=change.ends_at)):
        raise ConflictFault(
            "grant-begun", f"grant `{change.grant}` began before, is over or does not exist"
        )
