"""How signals become a score, as data: families, points, levels."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Model:
    """What assessments are made with.

    families: name of a signal → what it is combined with, as signals of one family say the
    same thing more than once; one that is not listed is a family of its own. points_per_bit:
    of what speaks for an attacker. ordinary_bits: so much of it happens to everybody now and
    then, and counts nothing. most_discount: points that usual things may take away from
    what an action can damage. medium_from, high_from: the first score of these levels.
    Raises ValueError where a number would turn risk round.
    """

    families: Mapping[str, str] = field(default_factory=dict)
    points_per_bit: int = 5
    most_discount: int = 10
    medium_from: int = 25
    high_from: int = 60
    ordinary_bits: float = 3.0

    def __post_init__(self) -> None:
        if self.points_per_bit < 1:
            raise ValueError("a bit must count one point or more")
        if self.most_discount < 0:
            raise ValueError("the discount must be 0 points or more")
        if self.ordinary_bits < 0.0:
            raise ValueError("what is ordinary must be 0 bits or more")
        if not 0 < self.medium_from < self.high_from <= 100:
            raise ValueError("the levels must be 0 < medium < high <= 100")


MODEL = Model(
    families={
        "new_network": "network",
        "impossible_travel": "network",
        "network_reputation": "network",
        "credential_moved": "network",
        "concurrent_sessions": "network",
        "new_device": "device",
        "new_client": "device",
        "off_hours": "time",
        "dormant_account": "time",
        "first_time_resource": "behaviour",
        "first_time_action": "behaviour",
        "rare_sequence": "behaviour",
        "new_privilege": "behaviour",
        "session_so_far": "behaviour",
        "volume": "volume",
        "fan_out": "volume",
        "pace": "volume",
        "failures": "failures",
        "security_events": "warnings",
        "people_said": "warnings",
    }
)
"""The model in use."""
