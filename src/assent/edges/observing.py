"""Those outside who see the log: witnesses and anchors, as the configuration names them."""

from collections.abc import Coroutine, Sequence
from typing import Any

from assent.control.anchoring import Anchoring
from assent.control.plane import ControlPlane
from assent.control.witnessing import Witnessing
from assent.credentials.references import reveal_reference
from assent.edges.exporting import EVIDENCE
from assent.edges.premises import Premises
from assent.notifiers.channels import Around
from assent.witnesses.build import anchorages, witnesses
from assent.witnesses.evidence import EvidenceFolder


async def begin(
    premises: Premises, plane: ControlPlane, around: Around
) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what goes on all the time, made known to the plane.

    Raises OperatorFault for a key or a certificate that cannot be read, OutsideFault (the store).
    """
    config, status = premises.config.audit, plane.custody.status
    status.fresh_within = config.freshness
    witnessing = Witnessing(
        store=premises.store,
        witnesses=witnesses(config.witnesses, around.when_done),
        evidence=EvidenceFolder(premises.data / EVIDENCE),
        outbox=plane.outbox,
        directory=plane.directory,
        clock=premises.clock,
        ids=premises.ids,
        every=config.pause,
    )
    places = anchorages(
        config.anchors,
        premises.config.folder,
        lambda reference: reveal_reference(reference, premises.config.folder),
        premises.clock,
        around.when_done,
    )
    anchoring = Anchoring(
        store=premises.store, anchorages=places, clock=premises.clock, ids=premises.ids
    )
    for each in (witnessing, anchoring):
        await each.recover()
        status.observed_by(each.observers)
    plane.audit.witnessed = witnessing.see
    return witnessing.run(), anchoring.run()
