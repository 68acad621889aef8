"""The newest revision is the one that the migrations end in."""

from alembic.script import ScriptDirectory

from assent.stores import schema


def test_the_newest_revision_is_the_head_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(schema._FOLDER))
    assert scripts.get_current_head() == schema.NEWEST
    assert {each.revision for each in scripts.walk_revisions()} == schema._KNOWN
