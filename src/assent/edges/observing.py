"""Those outside who see the log: witnesses and anchors, as the configuration names them."""

from collections.abc import Coroutine, Sequence
from typing import Any

from assent.control.anchoring import Anchorage, Anchoring
from assent.control.plane import ControlPlane
from assent.control.witnessing import Witnessing
from assent.core.observing import Witness
from assent.credentials.references import reveal_reference
from assent.edges.exporting import EVIDENCE
from assent.edges.premises import Premises
from assent.notifiers.channels import Around
from assent.witnesses.evidence import EvidenceFolder


async def begin(
    premises: Premises, plane: ControlPlane, around: Around
) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what goes on all the time, made known to the plane.

    Raises OperatorFault for a key or a certificate that cannot be read, OutsideFault (the store).
    """
    config, status = premises.config.audit, plane.custody.status
    status.fresh_within = config.freshness
    witnesses, places = _outsiders(premises, around)
    status.witness_keys = [one.verifier.text() for one in config.witnesses]
    witnessing = Witnessing(
        store=premises.store,
        witnesses=witnesses,
        evidence=EvidenceFolder(premises.data / EVIDENCE),
        outbox=plane.outbox,
        directory=plane.directory,
        clock=premises.clock,
        ids=premises.ids,
        every=config.pause,
    )
    anchoring = Anchoring(
        store=premises.store, anchorages=places, clock=premises.clock, ids=premises.ids
    )
    for each in (witnessing, anchoring):
        await each.recover()
        status.observed_by(each.observers)
    plane.audit.witnessed = witnessing.see
    return witnessing.run(), anchoring.run()


def _outsiders(premises: Premises, around: Around) -> tuple[Sequence[Witness], Sequence[Anchorage]]:
    config, folder = premises.config.audit, premises.config.folder
    if not config.witnesses and not config.anchors:
        return (), ()
    # What speaks HTTP takes a while to import: only who needs it starts the slower for it.
    from assent.witnesses.build import anchorages, witnesses

    places = anchorages(
        config.anchors,
        folder,
        lambda reference: reveal_reference(reference, folder),
        premises.clock,
        around.when_done,
    )
    return witnesses(config.witnesses, around.when_done), places
