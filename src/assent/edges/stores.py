"""Where the store is: SQLite in the data folder, or PostgreSQL at an address that is a secret."""

from pathlib import Path

from assent.config import Config
from assent.core.faults import OperatorFault
from assent.credentials.references import reveal_reference
from assent.stores.database import FILE_NAME, locate

PLACE = "[store] address"


def place_of_store(config: Config, data: Path) -> Path | str:
    """Return the data folder, or the URL that the configuration refers to.

    Raises OperatorFault, which never repeats the URL.
    """
    if not config.store.address:
        return data
    url = reveal_reference(config.store.address, config.folder).reveal()
    if not url.startswith("postgresql://"):
        words = "what it refers to must begin with `postgresql://`; leave it out for SQLite"
        raise OperatorFault("store-address", words, PLACE)
    if not locate(url).database:
        raise OperatorFault("store-address", "what it refers to must name a database", PLACE)
    return url


def is_new(config: Config) -> bool:
    """Return whether nothing can have been stored yet; False where only the database knows."""
    return (
        not config.store.address and not (config.folder / config.server.data / FILE_NAME).exists()
    )
