"""Whether an address lies in one of very many networks, and the largest number that they say."""

from collections.abc import Iterable

from assent.intelligence.addresses import Address, NetworkAddress


class NetworkTable:
    """Networks with a number each, asked by address in one step for each length that occurs.

    For each IP version and length there is one dict from the network's bits to its number, so
    50,000 networks are not slower than fifty. It never changes.
    """

    def __init__(self, networks: Iterable[tuple[NetworkAddress, int]]) -> None:
        """Hold `networks`; the larger number counts when one is there twice."""
        tables: dict[tuple[int, int], dict[int, int]] = {}
        for (bits, length, number), value in networks:
            table = tables.setdefault((bits, length), {})
            known = table.get(number)
            if known is None or known < value:
                table[number] = value
        self._of = {bits: _of_version(tables, bits) for bits in (32, 128)}
        self._count = sum(map(len, tables.values()))

    def __len__(self) -> int:
        """Return how many different networks there are."""
        return self._count

    def __contains__(self, address: Address) -> bool:
        """Return whether `address` lies in any of them."""
        bits, number = address
        for shift, table in self._of[bits]:  # noqa: SIM110 - `any` takes twice the time
            if number >> shift in table:
                return True
        return False

    def value(self, address: Address) -> int:
        """Return the largest number of the networks around `address`, 0 when there is none."""
        bits, number = address
        return max((table.get(number >> shift, 0) for shift, table in self._of[bits]), default=0)


def _of_version(
    tables: dict[tuple[int, int], dict[int, int]], version: int
) -> tuple[tuple[int, dict[int, int]], ...]:
    """Return (shift, networks) of one version of IP, for each length that occurs."""
    return tuple(
        (version - length, tables[bits, length])
        for bits, length in sorted(tables)
        if bits == version
    )
