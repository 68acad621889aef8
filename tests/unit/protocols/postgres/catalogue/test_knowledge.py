"""What is known of names, and whether it may be relied on."""

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.catalogue.model import Catalogue


class Silent:
    """Reads everything as nothing. path: where it looks names up."""

    def __init__(self, path: tuple[str, ...], catalogue: Catalogue | None) -> None:
        self.path, self.catalogue = path, catalogue

    def classify(self, text: str) -> Statement:
        return Statement("sql.session", (), complete=True)


def test_nothing_is_understood_before_the_first_snapshot() -> None:
    knowledge = Knowledge(Silent)
    assert knowledge.stale
    assert not knowledge.reader(("public",)).classify("select 1").complete
    assert knowledge.replace(Catalogue("1", ()))
    assert not knowledge.stale
    assert knowledge.reader(("public",)).classify("select 1").complete


def test_where_none_is_required_it_is_never_stale() -> None:
    knowledge = Knowledge(Silent, required=False)
    knowledge.outdated()
    assert not knowledge.stale
    assert knowledge.reader(()).classify("select 1").complete


def test_a_snapshot_that_was_begun_before_a_change_does_not_make_up_for_it() -> None:
    knowledge = Knowledge(Silent)
    begun = knowledge.changes
    knowledge.outdated()
    knowledge.replace(Catalogue("1", ()), begun)
    assert knowledge.stale
    assert knowledge.has_seen(begun)
    knowledge.confirm(knowledge.changes)
    assert not knowledge.stale


def test_an_older_snapshot_that_comes_late_takes_nothing_back() -> None:
    knowledge = Knowledge(Silent)
    knowledge.replace(Catalogue("1", ()))
    knowledge.confirm(0)
    assert not knowledge.stale


def test_the_same_snapshot_again_is_no_news() -> None:
    knowledge = Knowledge(Silent)
    assert knowledge.replace(Catalogue("1", ()))
    reader = knowledge.reader(("public",))
    assert not knowledge.replace(Catalogue("1", ()))
    assert knowledge.reader(("public",)) is reader
    assert knowledge.version == 1
    assert knowledge.replace(Catalogue("2", ()))
    assert knowledge.reader(("public",)) is not reader


def test_whoever_wants_to_know_is_told_of_a_change() -> None:
    told: list[str] = []
    knowledge = Knowledge(Silent)
    knowledge.when_outdated = lambda: told.append("outdated")
    knowledge.outdated()
    assert told == ["outdated"]
