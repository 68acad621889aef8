"""Systems outside that are told what the log says, as the configuration names them."""

from collections.abc import Coroutine, Sequence
from typing import Any

from assent import __version__
from assent.control.exporting import Export, Telling
from assent.control.plane import ControlPlane
from assent.credentials.references import reveal_reference
from assent.edges.premises import Premises
from assent.notifiers.channels import Around


def begin(
    premises: Premises, plane: ControlPlane, around: Around
) -> Sequence[Coroutine[Any, Any, None]]:
    """Return what goes on all the time, made known to the plane.

    Raises OperatorFault for a secret or a certificate that cannot be read.
    """
    config, store, clock = premises.config, premises.store, premises.clock
    if not config.exporters:
        return []
    # What speaks HTTP takes a while to import, and few have exporters.
    from assent.exporters.build import sinks

    found = sinks(
        config.exporters,
        config.folder,
        lambda reference: reveal_reference(reference, config.folder),
        clock,
        __version__,
        around.when_done,
    )
    exports = [
        # Each remembers what it was last told of itself: they are not at the same entry.
        Export(
            sink,
            wanted,
            Telling(store, plane.directory, config.server.origin, __version__),
            store,
            clock,
        )
        for sink, wanted in found
    ]
    plane.custody.exporting.exports = exports
    for one in exports:
        plane.health.followers.append(one.progress)
    return [one.follower.run() for one in exports]
