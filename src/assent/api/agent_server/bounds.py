"""How much an agent is told at once: what it reads costs it, and more than this helps nobody."""

from pydantic import JsonValue

LONGEST_TEXT = 2_000
MOST_ITEMS = 100
DEEPEST = 12


def bounded(value: JsonValue, depth: int = 0) -> JsonValue:
    """Return a value with texts cut, and no more than so many items anywhere in it."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
    if isinstance(value, (list, dict)) and depth >= DEEPEST:
        return "…"
    if isinstance(value, list):
        return [bounded(one, depth + 1) for one in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        named = list(value.items())[:MOST_ITEMS]
        return {name: bounded(one, depth + 1) for name, one in named}
    return value
