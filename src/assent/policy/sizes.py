"""Counts and amounts as policies write them: `1000`, `64kB`, `10MiB`."""

import re

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
