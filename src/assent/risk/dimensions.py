"""The aspects of an action that are compared with what is usual, and how fast they are forgotten.

A dimension that is not listed is one of somebody else's data (`assent risk evaluate`): it is
taken for behaviour. Columns of one table are seldom independent, so the more of them speak, the
less each further one counts.
"""

from functools import cache

from msgspec import Struct

NETWORK, DEVICE, BEHAVIOUR, TIME, VOLUME, PURPOSE = (
    "network",
    "device",
    "behaviour",
    "time",
    "volume",
    "purpose",
)


class Dimension(Struct, frozen=True, gc=False):
    """One aspect. family: what it is combined with. half_life_days: until it counts half.

    follows: the dimension whose value it puts into sequence, empty for none.
    """

    name: str
    family: str
    half_life_days: int
    follows: str = ""


FORGETTING = {NETWORK: 45, DEVICE: 90, BEHAVIOUR: 60, TIME: 60, VOLUME: 60, PURPOSE: 60}
"""Family → half-life in days: networks change sooner than habits, devices later."""

_KNOWN = {
    dimension.name: dimension
    for dimension in (
        Dimension("network", NETWORK, FORGETTING[NETWORK]),
        Dimension("device", DEVICE, FORGETTING[DEVICE]),
        Dimension("client", DEVICE, FORGETTING[DEVICE]),
        Dimension("hour", TIME, FORGETTING[TIME]),
        Dimension("resource", BEHAVIOUR, FORGETTING[BEHAVIOUR]),
        Dimension("action", BEHAVIOUR, FORGETTING[BEHAVIOUR]),
        Dimension("step", BEHAVIOUR, FORGETTING[BEHAVIOUR], follows="action"),
        Dimension("privilege", BEHAVIOUR, FORGETTING[DEVICE]),
        Dimension("purpose", PURPOSE, FORGETTING[PURPOSE]),
        Dimension("rows", VOLUME, FORGETTING[VOLUME]),
        Dimension("bytes", VOLUME, FORGETTING[VOLUME]),
        Dimension("fanout", VOLUME, FORGETTING[VOLUME]),
        Dimension("pace", VOLUME, FORGETTING[VOLUME]),
        Dimension("magnitude", VOLUME, FORGETTING[VOLUME]),
    )
}


@cache
def dimension(name: str, follows: str = "") -> Dimension:
    """Return the dimension of that name; one that is not known is behaviour."""
    return _KNOWN.get(name) or Dimension(name, BEHAVIOUR, FORGETTING[BEHAVIOUR], follows)
