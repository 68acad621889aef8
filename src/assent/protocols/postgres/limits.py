"""How much is read and how long is waited, in one place."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one conversation.

    message_bytes: one Query, Parse or Bind. buffer_bytes: beyond it the driver stops reading.
    small_bytes: any other message of a client. parameter_bytes: parameters shown in full.
    names: prepared statements, portals and `PREPARE`d names remembered, each.
    """

    message_bytes: int = 16 * 1024 * 1024
    buffer_bytes: int = 1024 * 1024
    small_bytes: int = 64 * 1024
    parameter_bytes: int = 64 * 1024
    names: int = 1_000
    reusable_shapes: int = 1_000

    startup_for: timedelta = timedelta(seconds=30)
    tls_for: timedelta = timedelta(seconds=10)
    authentication_for: timedelta = timedelta(seconds=30)
    answer_for: timedelta = timedelta(seconds=30)
    target_for: timedelta = timedelta(seconds=15)
    # Control answers a held question at its deadline; this is for when it does not.
    grace_for: timedelta = timedelta(seconds=5)


DEFAULT_LIMITS = Limits()
