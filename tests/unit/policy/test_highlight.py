from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assent
from assent.policy.highlight import Piece, lines, pieces

RULE = '@id("a.b") permit (principal in Group::"dba", action, resource) when { 1 < 20 }; // so'
POLICIES = sorted(Path(assent.__file__).parent.rglob("*.cedar"))


@given(st.text())
def test_no_character_is_changed(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text
    assert "\n".join("".join(piece.text for piece in line) for line in lines(text)) == text


def test_each_part_of_a_rule_has_its_kind() -> None:
    told = {piece.text: piece.kind for piece in pieces(RULE)}
    assert told["@id"] == "annotation"
    assert told['"a.b"'] == "text"
    assert told["permit"] == "effect"
    assert told["principal"] == "place"
    assert told["in"] == "keyword"
    assert told["Group"] == "type"
    assert told["20"] == "number"
    assert told["// so"] == "comment"
    assert told["::"] == "sign"


def test_a_text_that_is_still_being_typed_ends_with_its_line() -> None:
    first, second = lines('@id("a.b\npermit')
    assert first[-1] == Piece('"a.b', "text")
    assert second == [Piece("permit", "effect")]


def test_a_text_has_one_line_at_least() -> None:
    assert lines("") == [[]]
    assert lines("a\n") == [[Piece("a", "name")], []]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_whatever_ships_is_told_apart(path: Path) -> None:
    text = path.read_text()
    assert "".join(piece.text for piece in pieces(text)) == text
    assert {"effect", "place", "type", "annotation"} <= {piece.kind for piece in pieces(text)}
