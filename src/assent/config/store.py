"""Where state and log are kept, as the configuration has it."""

from dataclasses import dataclass

from assent.config.values import REFERENCES
from assent.core.faults import OperatorFault


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """`[store]`: the database of requests, grants, sessions and the log.

    address: a reference (`file:…`, `env:…`) to the URL of a PostgreSQL database of its own, such as
    `postgresql://assent:…@db.example/assent?sslmode=verify-full`; by default SQLite in the data
    folder.
    """

    address: str = ""


def check_store(store: StoreConfig, place: str) -> None:
    """Raise OperatorFault for what cannot work."""
    if store.address and not store.address.startswith(REFERENCES):
        # Without its text: there is a password in it.
        words = "must be a reference: `file:PATH` or `env:NAME`"
        raise OperatorFault("config-reference", words, f"{place} address")
