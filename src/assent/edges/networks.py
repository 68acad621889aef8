"""What the operator's files say of networks, read again when they change."""

import asyncio
from pathlib import Path

import structlog

from assent.config import Config
from assent.control.hearing import Hearing
from assent.core.clock import Clock
from assent.intelligence.files import Files
from assent.intelligence.network_book import NetworkBook

_REFRESHED_EVERY_S = 5.0

_log = structlog.get_logger("app")


def network_book(config: Config, clock: Clock) -> NetworkBook:
    """Return what the configured files say of addresses; without any, which /24 each is in."""
    network = config.network

    def path(name: str) -> Path | None:
        return config.folder / name if name else None

    return NetworkBook(
        Files(
            city=path(network.city),
            country=path(network.country),
            asn=path(network.asn),
            anonymous=path(network.anonymous),
            hosting_networks=path(network.hosting_networks),
            lists={kind: config.folder / name for kind, name in network.lists.items()},
            reputation=path(network.reputation),
            zones=dict(network.zones),
        ),
        clock,
    )


async def keep_fresh(book: NetworkBook, hearing: Hearing) -> None:
    """Read the files that changed again, and say so."""
    while True:
        await asyncio.sleep(_REFRESHED_EVERY_S)
        news = await asyncio.to_thread(book.refresh)
        for words in news:
            _log.info("network-files", what=words)
        if news:
            hearing.networks_refreshed()
