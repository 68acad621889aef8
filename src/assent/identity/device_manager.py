"""A system that manages devices, asked by HTTPS what it knows of one: JSON with our own names.

`{"managed": true, "disk_encrypted": true, "firewall": null, "patch_age_days": 3, …}`; nothing but
nulls for a device that it does not know. No vendor's own form is read: a few lines can stand
between.
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from assent.audit.device_statements import POSTURE, device_of
from assent.core.clock import Clock
from assent.core.device import Device
from assent.core.secret import Secret
from assent.identity.asking import Asking


class DeviceManager:
    """Asks one such system. url: with `{device}` where the device's name goes."""

    def __init__(
        self, name: str, url: str, token: Secret[str], asking: Asking, clock: Clock
    ) -> None:
        self.name = name
        self._url = url
        self._token = token
        self._asking = asking
        self._clock = clock

    async def posture(self, managed_as: str) -> Device | None:
        """Return what it says of a device, None where it knows of none. Raises OutsideFault."""
        url = self._url.replace("{device}", quote(managed_as, safe=""))
        headers = {"authorization": f"Bearer {self._token.reveal()}"}
        answer = await self._asking.get(url, headers)
        if not isinstance(answer, Mapping):
            raise self._asking.away("answered JSON that describes no device")
        try:
            said = device_of(answer, self._clock.now())
        except ValueError as error:
            raise self._asking.away(f"answered what cannot be: {error}") from None
        managed = answer.get("managed")
        if managed is not None and not isinstance(managed, bool):
            raise self._asking.away("answered what cannot be: `managed` is neither true nor false")
        if all(answer.get(name) is None for name in POSTURE):
            return None
        return replace(said, managed=managed)
