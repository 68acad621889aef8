"""Unit tests of api/agent_server/bounds.py."""

from pydantic import JsonValue

from assent.api.agent_server.bounds import DEEPEST, LONGEST_TEXT, MOST_ITEMS, bounded


def test_what_is_short_stays_as_it_is() -> None:
    told: JsonValue = {"a": ["b", 1, None, True, {"c": 1.5}]}
    assert bounded(told) == told


def test_texts_lists_and_depths_are_cut() -> None:
    assert bounded("x" * 9_999) == "x" * LONGEST_TEXT + "…"
    many: list[JsonValue] = list(range(1_000))
    assert bounded(many) == many[:MOST_ITEMS]
    deep: JsonValue = 1
    for _ in range(DEEPEST + 5):
        deep = [deep]
    shallow = bounded(deep)
    for _ in range(DEEPEST):
        assert isinstance(shallow, list)
        (shallow,) = shallow
    assert shallow == "…"
