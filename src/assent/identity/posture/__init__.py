"""How this machine is kept, read from what its system says: for `assent device report`."""

from assent.identity.posture.collect import collect
from assent.identity.posture.found import Posture

__all__ = ("Posture", "collect")
