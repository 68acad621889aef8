"""Counts and amounts as policies write them: `1000`, `64kB`, `10MiB`, `writes 5, rows 1000`."""

import re

from assent.core.scope import AMOUNTS, Budget

_COUNT = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_SIZE = re.compile(r"([1-9][0-9]{0,11})(kB|MB|GB|KiB|MiB|GiB)?", re.ASCII)
_UNITS = {
    None: 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
_LARGEST = 1 << 50


def parse_count(text: str) -> int:
    """Return the count that `text` says. Raises ValueError with what would be right."""
    if not _COUNT.fullmatch(text):
        raise ValueError(f"`{text[:40]}` is not a count; write a whole number such as `1000`")
    return int(text)


def parse_size(text: str) -> int:
    """Return the number of bytes that `text` says. Raises ValueError with what would be right."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a size; write `4096`, `64kB`, `10MiB` or `1GiB`")
    size = int(match[1]) * _UNITS[match[2]]
    if size > _LARGEST:
        raise ValueError(f"`{text}` is more than any result; write less than a pebibyte")
    return size


def parse_budget(text: str) -> Budget:
    """Return the budget that `writes 5, bytes 10MiB` says; at least one amount, each once.

    Raises ValueError with what would be right.
    """
    amounts: dict[str, int] = {}
    for item in text.split(","):
        name, _, amount = item.strip().partition(" ")
        if name not in AMOUNTS:
            known = ", ".join(f"`{known}`" for known in AMOUNTS)
            raise ValueError(f"`{item.strip()[:40]}` is not a budget; write a number after {known}")
        if name in amounts:
            raise ValueError(f"names `{name}` twice; write it once")
        amounts[name] = (parse_size if name == "bytes" else parse_count)(amount.strip())
    return Budget(**amounts)


def budget_text(budget: Budget) -> str:
    """Return it as `parse_budget` reads it, in whole numbers and always in the same order."""
    amounts = budget.amounts()
    return ", ".join(f"{name} {amounts[name]}" for name in AMOUNTS if amounts[name] is not None)


def smaller(one: Budget, other: Budget) -> Budget:
    """Return what is within both: the smaller of each amount."""

    def least(name: str) -> int | None:
        limits = [most for most in (one.amounts()[name], other.amounts()[name]) if most is not None]
        return min(limits, default=None)

    return Budget(**{name: least(name) for name in AMOUNTS})
