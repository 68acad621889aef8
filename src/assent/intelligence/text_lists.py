"""Reads lists that are text: addresses and networks, how often reported, autonomous systems.

One entry a line; what follows `#` or `;` is a comment; a byte order mark is left out. Strict: a
line that cannot be read refuses the file, for a list of which a part is missing looks whole.
"""

import re
from collections.abc import Iterator
from io import BytesIO

from assent.core.faults import OperatorFault
from assent.intelligence.addresses import LARGEST_SYSTEM, NetworkAddress, read_network
from assent.intelligence.network_table import NetworkTable

MOST_BYTES = 64 << 20
MOST_ENTRIES = 5_000_000
LONGEST_LINE = 1024
MOST_REPORTS = 1_000_000

_SEPARATOR = re.compile(r"[\s,]+")
_NUMBER = re.compile(r"[0-9]{1,10}")
_SYSTEM = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)


def read_networks(data: bytes, file: str) -> NetworkTable:
    """Return the addresses and networks of a list, each with the number 1.

    file: its name, for faults. Raises OperatorFault naming file and line.
    """

    def one(words: list[str], place: str) -> tuple[NetworkAddress, int]:
        if len(words) != 1:
            raise _fault(" ".join(words), "one address or network", place)
        return _network(words[0], place), 1

    return NetworkTable(one(_words(line), place) for line, place in _lines(data, file))


def read_reputation(data: bytes, file: str) -> NetworkTable:
    """Return reported addresses, each with the number in its second column, 1 without one.

    Raises OperatorFault naming file and line.
    """

    def one(words: list[str], place: str) -> tuple[NetworkAddress, int]:
        if len(words) > 2:
            raise _fault(" ".join(words), "an address and a number", place)
        network = _network(words[0], place)
        return network, _reports(words[1], place) if len(words) == 2 else 1

    return NetworkTable(one(_words(line), place) for line, place in _lines(data, file))


def read_systems(data: bytes, file: str) -> frozenset[int]:
    """Return the numbers of autonomous systems in the first column, `64500` or `AS64500`.

    The first line may name the columns. Further columns, such as names, are not read.
    Raises OperatorFault naming file and line.
    """
    found: set[int] = set()
    heading = ""
    for index, (line, place) in enumerate(_lines(data, file)):
        cell = line.partition(",")[0].strip().strip('"')
        number = _SYSTEM.fullmatch(cell.partition(" ")[0])
        if number and 1 <= int(number[1]) <= LARGEST_SYSTEM:
            found.add(int(number[1]))
        elif index or number:
            raise _fault(cell, "the number of an autonomous system", place)
        else:
            heading = place
    if heading and not found:
        words = "names no autonomous system; one number a line is expected"
        raise OperatorFault("network-list", words, heading)
    return frozenset(found)


def _lines(data: bytes, file: str) -> Iterator[tuple[str, str]]:
    """Yield each line that says something, without its comment, and its place."""
    entries = 0
    for number, raw in enumerate(BytesIO(data.removeprefix(b"\xef\xbb\xbf")), 1):
        place = f"{file}:{number}"
        if len(raw) > LONGEST_LINE:
            words = f"is longer than {LONGEST_LINE} bytes; one entry a line is expected"
            raise OperatorFault("network-list", words, place)
        text = raw.decode("utf-8", "replace").partition("#")[0].partition(";")[0].strip()
        if not text:
            continue
        entries += 1
        if entries > MOST_ENTRIES:
            words = f"has more than {MOST_ENTRIES:,} entries; name a smaller list"
            raise OperatorFault("network-list", words, place)
        yield text, place


def _words(line: str) -> list[str]:
    return _SEPARATOR.split(line)


def _network(word: str, place: str) -> NetworkAddress:
    network = read_network(word)
    if network is None:
        raise _fault(word, "an address or a network such as `192.0.2.0/24`", place)
    return network


def _reports(word: str, place: str) -> int:
    if _NUMBER.fullmatch(word) and 1 <= int(word) <= MOST_REPORTS:
        return int(word)
    raise _fault(word, f"a number of lists from 1 to {MOST_REPORTS:,}", place)


def _fault(found: str, expected: str, place: str) -> OperatorFault:
    shown = "".join(letter if letter.isprintable() else "�" for letter in found[:80])
    return OperatorFault(
        "network-list", f"`{shown}` is not {expected}; mend the line or take it out", place
    )
