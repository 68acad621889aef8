"""One measured fact about an action, with a status: "found nothing" is not "did not run"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignalStatus(StrEnum):
    """OBSERVED: it ran and found something. ABSENT: it ran and found nothing.

    UNAVAILABLE: it could not run; that never lowers risk.
    """

    OBSERVED = "observed"
    ABSENT = "absent"
    UNAVAILABLE = "unavailable"


class Attacker(StrEnum):
    """Who it could be instead of the person, acting as themselves and as usual.

    NAIVE: somebody with the password only. VPN: from the right country as well. TARGETED: from
    the right network with the right client. STOLEN_DEVICE: at the person's own device and
    network. INSIDER: the person, after what is not their work. HIJACKED_AGENT: the person's
    identity steered by a program. POISONER: somebody patient, who became usual slowly.
    """

    NAIVE = "naive"
    VPN = "vpn"
    TARGETED = "targeted"
    STOLEN_DEVICE = "stolen-device"
    INSIDER = "insider"
    HIJACKED_AGENT = "hijacked-agent"
    POISONER = "poisoner"


ATTACKERS: tuple[Attacker, ...] = tuple(Attacker)
"""All of them, in the order in which a signal's weights stand."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one signal found.

    weights: one a kind of attacker, in the order of ATTACKERS, in thousandths of a bit: how
    much more (positive) or less likely that attacker makes this than the person does; empty
    where it says nothing of them. harm: 0–100 points, how much damage the action can do,
    whoever does it. floor: the least that the score may be, 0 for none: a cap on the best
    outcome. at, source: of the evidence that it rests on; None and empty for the action itself.
    """

    name: str
    status: SignalStatus
    reason: str
    weights: tuple[int, ...] = ()
    harm: int = 0
    floor: int = 0
    at: datetime | None = None
    source: str = ""
