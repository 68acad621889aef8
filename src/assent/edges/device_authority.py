"""The authority that vouches for devices on the wire: its key is made once, for us alone."""

from assent.core.faults import OperatorFault
from assent.edges.premises import Premises
from assent.gateway.device_certificates import DeviceAuthority, authority_of, new_authority
from assent.witnesses.durable import create_durably

FILE_NAME = "device-authority.pem"


def device_authority(premises: Premises) -> DeviceAuthority | None:
    """Return it, None where the operator wants no certificates of clients.

    Raises OperatorFault for a file that is none.
    """
    if premises.config.postgres.client_certificates == "off":
        return None
    path = premises.data / FILE_NAME
    try:
        if not path.exists():
            create_durably(path, new_authority(premises.clock.now()))
        return authority_of(path.read_bytes())
    except (OSError, ValueError) as fault:
        words = f"`{path}` is no key with its certificate; restore it, or remove it for a new one"
        raise OperatorFault("device-authority", words) from fault
