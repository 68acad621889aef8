"""Files of statements are taken apart at their ends, and nowhere else."""

import pytest

from assent.protocols.postgres.statements.splitting import split


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("select 1", ("select 1",)),
        ("select 1;\n\nselect 2;\n", ("select 1", "select 2")),
        ("select ';' ; select $$a;b$$", ("select ';'", "select $$a;b$$")),
        ("select 'ö;ü';select 'é'", ("select 'ö;ü'", "select 'é'")),
        (
            "create function f() returns int begin atomic; select 1; end; select 2",
            ("create function f() returns int begin atomic; select 1; end", "select 2"),
        ),
        ("select 1 -- a;b\n; select 2", ("select 1 -- a;b", "select 2")),
        (";;select 1;;", ("select 1",)),
        ("-- nothing", ()),
        ("", ()),
    ],
)
def test_each_statement_is_one_text(text: str, texts: tuple[str, ...]) -> None:
    assert split(text) == texts


@pytest.mark.parametrize("text", ["\\i x", "selec 1", "select 1; selec 2", "select '", "a\0b"])
def test_what_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        split(text)
