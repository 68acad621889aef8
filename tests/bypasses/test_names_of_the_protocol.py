"""Names of prepared statements and portals, reused to run something else than was decided.

Each row is what a client sends to a relay that reads with the real parser; the last thing that
it runs deletes, and whoever decides must be told so, or that it cannot be told.
"""

from collections.abc import Callable

import pytest

import postgres_peers
from assent.core.plugins import Answer, Authorize, Permitted, RefusalKind, Refused
from assent.protocols.postgres.statements import Classifier
from postgres_peers import Gateway, H, S, b, c, d, e, p, q

DELETE = "delete from orders"
TRICKS: dict[str, tuple[bytes, ...]] = {
    "closed-and-parsed-again": (
        p("select 1", "s") + S,
        c("s") + p(DELETE, "s") + b(name="s") + e() + S,
    ),
    "unnamed-replaced": (p("select 1") + S, p(DELETE) + b() + e() + S),
    "unnamed-replaced-in-one-group": (p("select 1") + b() + e() + p(DELETE) + b() + e() + S,),
    "bound-before-it-was-replaced": (p(DELETE) + b(portal="x") + p("select 1") + e("x") + S,),
    "second-portal": (
        p("select 1", "s") + p(DELETE, "t") + b(name="s") + b(name="t", portal="x") + e("x") + S,
    ),
    "portal-bound-again": (
        p("select 1", "s") + p(DELETE, "t") + b(name="s") + b(name="t") + e() + S,
    ),
    "portal-closed-and-bound": (
        p("select 1", "s")
        + b(name="s", portal="x")
        + c("x", b"P")
        + p(DELETE, "t")
        + b(name="t", portal="x")
        + e("x")
        + S,
    ),
    "flushed-between": (p(DELETE) + H, b() + H, d() + H, e() + S),
    "prepared-in-sql": (q(f"prepare s as {DELETE}"), b(name="s") + e() + S),
    "prepared-in-sql-after-all-are-gone": (
        p("select 1", "s") + S,
        q("deallocate all"),
        q(f"prepare s as {DELETE}"),
        b(name="s") + e() + S,
    ),
    "prepared-in-sql-after-discard": (
        p("select 1", "s") + S,
        q("discard all"),
        q(f"prepare s as {DELETE}"),
        q("execute s"),
    ),
    "executed-in-sql": (p(DELETE, "s") + S, q("execute s")),
    "executed-in-sql-within": (p(DELETE, "s") + S, p("execute s") + b() + e() + S),
    "explained-in-sql": (p(DELETE, "s") + S, q("explain analyze execute s")),
    "quoted-name": (p("select 1", "s") + p(DELETE, "S") + S, q('execute "S"')),
    "name-with-space": (p(DELETE, "s ") + S, q('execute "s "')),
    "unicode-name": (p(DELETE, "s") + S, q('execute U&"\\0073"')),
    "simple-query-between": (p(DELETE, "s") + S, q("select 1"), b(name="s") + e() + S),
    "rolled-back-deallocate": (
        p(DELETE, "s") + S,
        q("begin; deallocate s; rollback"),
        b(name="s") + e() + S,
    ),
    "copied-into-a-table": (
        p("select 1", "s") + S,
        q(f"prepare t as {DELETE} returning 1"),
        q("create table copied as execute t"),
    ),
    "many-statements": (q(f"select 1; prepare s as {DELETE}"), q("select 1; execute s")),
    "re-executed": (
        p("select 1", "s") + p(DELETE, "t") + S,
        b(name="s") + e() + b(name="t") + e() + e() + S,
    ),
}


def reads_or_nothing(question: Authorize) -> Answer:
    """Refuse every change, and whatever is not understood, at the moment that it would run."""
    changes = {"sql.delete", "sql.unknown"} & {touch.verb for touch in question.statement.touches}
    if changes and question.phase.value == "execute":
        return Refused(RefusalKind.DENIED, "no deletes")
    return Permitted("ent_1")


@pytest.fixture
def gateway_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Gateway]:
    """Return what makes a relay that reads with the real parser."""
    monkeypatch.setattr(postgres_peers, "Classifier", Classifier)
    return lambda: Gateway(reads_or_nothing)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_name_that_means_something_else_by_now_deletes_nothing(
    gateway_of: Callable[[], Gateway], trick: str
) -> None:
    gateway = gateway_of()
    for data in TRICKS[trick]:
        gateway.send(data)
    verbs = [{touch.verb for touch in question.statement.touches} for question in gateway.asked]
    assert any({"sql.delete", "sql.unknown"} & one for one in verbs)
    prepares = ("prepare", "select 1; prepare")
    deleted = [text for text in gateway.target.ran if DELETE in text]
    assert [text for text in deleted if not text.startswith(prepares)] == []
    refused = [message for tag, message in gateway.take() if tag == "E"]
    assert refused
