"""Texts of every protocol in colours: nothing of them is changed, and what counts stands out."""

import pytest

from assent.web.texts import pieces_of, protocol_of, text_pieces

COMMAND = "sudo rm -rf \"/a b\" # gone\n| tee >> $HOME/f && echo 'x' ${Y}"
REQUEST = 'POST /orders/7?q="1"\n(application/json)\n{"note": "a", "n": -1.5e3, "is": true}'
CHANGE = "let agents call tools\n\nchanged tool find, which\n@@ -1 +1 @@\n-old\n+new\n same"


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("ssh.execute", COMMAND),
        ("file.write", "sftp put '/a\"b"),
        ("http.post", REQUEST),
        ("tool.call", 'call find\n{"a":"\\"b","c":[1,null]}'),
        ("tool.admit", CHANGE),
        ("sql.read", "select 'a' -- b"),
        ("tcp.connect", "connect to cache"),
        ("ssh.execute", "x" * 50_000),
    ],
)
def test_a_text_in_colours_is_the_same_text(verb: str, text: str) -> None:
    assert "".join(piece.text for piece in text_pieces(verb, text)) == text


def test_a_command_shows_its_texts_remarks_joints_and_what_makes_it_somebody_else() -> None:
    found = {(piece.kind, piece.text) for piece in text_pieces("ssh.execute", COMMAND)}
    assert {
        ("word", "sudo"),
        ("text", '"/a b"'),
        ("remark", "# gone"),
        ("word", "|"),
        ("word", ">>"),
        ("number", "$HOME"),
        ("number", "${Y}"),
    } <= found


def test_the_line_of_a_request_stays_plain_and_its_body_does_not() -> None:
    first, *rest = text_pieces("http.post", REQUEST)
    assert first.text == 'POST /orders/7?q="1"\n'
    kinds = {(piece.kind, piece.text) for piece in rest}
    assert {("word", '"note"'), ("text", '"a"'), ("number", "-1.5e3"), ("word", "true")} <= kinds


def test_a_changed_definition_shows_what_went_and_what_came() -> None:
    kinds = {(piece.kind, piece.text) for piece in text_pieces("tool.admit", CHANGE)}
    assert {("removed", "-old"), ("added", "+new")} <= kinds


def test_what_hides_is_named_in_every_language() -> None:
    for form in ("postgres", "ssh", "http", "mcp", "difference", "tcp", ""):
        assert any(piece.odd for piece in pieces_of('a "\u202eb"', form)), form


def test_every_verb_has_its_protocol() -> None:
    assert [protocol_of(one) for one in ("sql.read", "file.write", "tool.call", "policy.change")] \
        == ["postgres", "ssh", "mcp", ""]  # fmt: skip
