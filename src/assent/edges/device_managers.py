"""Those who manage devices, as the configuration names them."""

import ssl
from collections.abc import Coroutine
from typing import Any

from assent.config.devices import managed_every
from assent.control.device_managers import DeviceManagers
from assent.control.plane import ControlPlane
from assent.core.faults import OperatorFault
from assent.edges.premises import Premises
from assent.identity.asking import Asking
from assent.identity.device_manager import DeviceManager
from assent.notifiers.channels import Around


def begin(premises: Premises, plane: ControlPlane, around: Around) -> Coroutine[Any, Any, None]:
    """Return what goes on asking them. Raises OperatorFault for what cannot be read."""
    sources = []
    for one in premises.config.device_managers:
        trust = None
        if one.certificate_authority:
            path = premises.config.folder / one.certificate_authority
            try:
                trust = ssl.create_default_context(cafile=str(path))
            except (OSError, ssl.SSLError) as fault:
                words = f"`{path}` is no usable PEM file"
                place = f"[[device_managers]] {one.name[:80]}"
                raise OperatorFault("certificate-authority", words, place) from fault
        asking = Asking(one.name, trust)
        around.when_done(asking.close)
        token = around.reveal(one.token)
        sources.append(DeviceManager(one.name, one.url, token, asking, premises.clock))
    return DeviceManagers(
        store=premises.store,
        evidence=plane.devices.evidence,
        reports=plane.devices.reports,
        sources=sources,
        every=managed_every(premises.config.devices),
    ).run()
