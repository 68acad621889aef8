"""What a device said of itself, and when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Device:
    """The device that a client runs on. None where it did not say.

    key: id of its enrolled key, empty when the session is bound to none.
    owner: name of the person it is enrolled for. reported_at: when the rest was true.
    patch_age_days: how old the newest security update of its system is.
    """

    key: str
    owner: str = ""
    model: str = ""
    system: str = ""
    managed: bool | None = None
    reported_at: datetime | None = None
    patch_age_days: int | None = None
    disk_encrypted: bool | None = None
    screen_lock: bool | None = None
    firewall: bool | None = None
