"""Small evidence for signals: what a test is about is said there, the rest comes from here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.evidence import Evidence, Known
from assent.core.familiarity import Familiarity, Magnitude
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.network import Network, Sighting
from assent.core.resource import Resource, Target
from assent.core.signal import ATTACKERS, Attacker, Signal
from assent.core.subject import Subject

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
NOON_S = int(NOON.timestamp())
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ANA = Subject(SubjectId("sub_ana"), "ana", groups=frozenset({"finance"}))
SHOP = Target(TargetId("tgt_shop"), "shop", "postgres", "db", 5432, "shop", "u", "c")

LYON = Network(
    "203.0.113.7",
    "203.0.113.0/24",
    64500,
    country="FR",
    city="Lyon",
    latitude_e4=457_600,
    longitude_e4=48_400,
)
OSAKA = Network(
    "198.51.100.9",
    "198.51.100.0/24",
    64999,
    country="JP",
    city="Osaka",
    latitude_e4=346_900,
    longitude_e4=1_355_000,
)


def sql(
    *names: str,
    verb: str = "sql.read",
    columns: Sequence[str] = (),
    complete: bool = True,
    has_where: bool = True,
    parameters: tuple[str | None, ...] = (),
) -> Action:
    """Return an action on these tables."""
    operation = Operation.READ if verb == "sql.read" else Operation.WRITE
    touches = tuple(
        Touch(verb, operation, Resource("Table", name), frozenset(columns)) for name in names
    )
    statement = Statement(verb, touches, complete, has_where=has_where)
    return Action(ActionId("act_1"), ANA.id, statement, target=SHOP.id, parameters=parameters)


READ = sql("public.orders")


def access_request() -> Action:
    touch = Touch("access.request", Operation.EXECUTE, Resource("Target", "shop"))
    statement = Statement("access.request", (touch,), True)
    return Action(ActionId("act_1"), ANA.id, statement, target=SHOP.id)


def evidence(**changes: Any) -> Evidence:
    """Return Ana's evidence at noon, with a profile that is empty."""
    return replace(Evidence(at=NOON, subject=ANA, target=SHOP, known=Known()), **changes)


def sighting(network: Network, ago: timedelta, **changes: Any) -> Sighting:
    """Return that somebody was seen there, so long ago."""
    return replace(
        Sighting(
            NOON_S - int(ago.total_seconds()),
            network.address,
            network.prefix,
            network.asn,
            network.country,
            network.city,
            network.latitude_e4,
            network.longitude_e4,
            network.accuracy_km,
            network.lists,
            network.zones,
        ),
        **changes,
    )


def familiar(
    dimension: str,
    *chain: str,
    own: Sequence[int] = (),
    peers: Sequence[int] = (),
    every: Sequence[int] = (),
    days: int = 3,
) -> Familiarity:
    """Return how usual a chain is. own, peers, every: events of each level, then of all."""
    deep = len(chain)

    def counts(events: Sequence[int]) -> tuple[int, ...]:
        if not events:
            return ()
        *levels, total = (1000 * count for count in events)
        return (*levels, *(3000,) * deep, total)

    return Familiarity(dimension, chain, counts(own), counts(peers), counts(every), (days,) * deep)


def knowing(*found: Familiarity | Magnitude, **changes: Any) -> Evidence:
    """Return evidence in which just this was learned."""
    known = Known(
        dimensions={one.dimension: one for one in found if isinstance(one, Familiarity)},
        amounts={one.dimension: one for one in found if isinstance(one, Magnitude)},
        sessions=20,
        days=40,
    )
    return evidence(known=known, **changes)


def weight(signal: Signal, attacker: Attacker) -> int:
    """Return the weight for one kind of attacker, in thousandths of a bit."""
    return signal.weights[ATTACKERS.index(attacker)] if signal.weights else 0
