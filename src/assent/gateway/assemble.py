"""Puts together what the gateway does at targets by itself: names, ways in, estimates, scans."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from assent.content.detectors import LABELS
from assent.content.patterns import OwnPattern
from assent.control.assemble import Assembly
from assent.control.privileges import Holdings, SessionPrivileges, holdings_of
from assent.core.clock import Clock
from assent.core.faults import OutsideFault
from assent.core.ids import TargetId
from assent.core.ports import CredentialBroker
from assent.core.resource import Target
from assent.gateway.catalogues import Catalogues
from assent.gateway.impact import Impacts
from assent.gateway.label_scan import LabelScan
from assent.gateway.leases import Leases
from assent.gateway.plan_reading import PlanReading
from assent.gateway.waiters import Waiters
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements import Classifier
from assent.protocols.postgres.statements.names import full_name

Spawn = Callable[[Coroutine[Any, Any, None]], object]


@dataclass(frozen=True, slots=True)
class AtTargets:
    """What answers rest on, each shared by all sessions."""

    catalogues: Catalogues
    impacts: Impacts
    leases: Leases


def at_targets(
    parts: Assembly,
    broker: CredentialBroker,
    clock: Clock,
    patterns: tuple[OwnPattern, ...],
    spawn: Spawn,
) -> AtTargets:
    """Return what the gateway does at targets, told to the use cases that need to hear of it.

    patterns: the operator's own, for values of labels.
    """

    def changed(target: TargetId) -> None:
        parts.sessions.names_changed(target)
        for database, catalogue in catalogues.known(target).items():
            parts.plane.labels.catalogue_read(target, database, _columns(catalogue))

    async def holdings(target: Target, database: str) -> Holdings:
        if target.without_catalogue:
            words = f"what `{target.name}` holds is not read, so no role can be made for a session"
            raise OutsideFault("privileges-unknown", words)
        knowledge = await catalogues.ensure(target, database)
        if knowledge.catalogue is None:
            raise OutsideFault("privileges-unknown", f"what `{target.name}` holds is not known")
        return holdings_of(knowledge.catalogue)

    catalogues = Catalogues(
        broker.standing, Classifier, clock, changed, spawn=spawn, patterns=patterns
    )
    privileges = SessionPrivileges(parts.policies, holdings, clock)
    parts.plane.plans.read_with(PlanReading(catalogues).read)
    sampler = LabelScan(broker, patterns)
    recognised = sorted({*LABELS, *(pattern.label for pattern in patterns)})
    parts.plane.label_scans.scan_with(sampler, recognised, spawn)
    return AtTargets(
        catalogues, Impacts(Waiters(broker.standing).of), Leases(broker, privileges.of)
    )


def _columns(catalogue: Catalogue) -> list[tuple[str, tuple[str, ...]]]:
    return [(full_name(relation), relation.columns) for relation in catalogue]
