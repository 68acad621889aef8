"""Proof that a caller holds a device's key: its signature over a challenge that is good once."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from assent.audit.device_statements import connect_message
from assent.control.device_evidence import BINDING_KINDS, DeviceEvidence
from assent.control.device_keys import Challenge, DeviceKeys
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.device_key import ApprovalSignature, DeviceKey
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import DeviceKeyId, Ids

CONNECT, REPORT, SIGN_IN = "connect", "report", "sign-in"
LASTS_FOR = timedelta(minutes=5)
_MOST = 10_000
_MOST_EACH = 16
"""Challenges of one device that are open at once: what it does side by side."""


@dataclass(frozen=True, slots=True)
class Possession:
    """What proves that the caller holds a device's key. signature: base64.

    certificate_key: what is to be certified for the wire, base64 of its DER, empty for nothing.
    """

    key: DeviceKeyId
    challenge: str
    signature: str
    certificate_key: str = ""


class DeviceProofs:
    """Hands out challenges, and holds keys as proved while something is done on that."""

    def __init__(
        self, *, keys: DeviceKeys, evidence: DeviceEvidence, clock: Clock, ids: Ids
    ) -> None:
        self._keys = keys
        self._evidence = evidence
        self._clock = clock
        self._ids = ids
        # By device, so that nobody's challenges push out another one's soon.
        self._open: OrderedDict[DeviceKeyId, list[tuple[str, Challenge]]] = OrderedDict()

    async def challenge(self, caller: Caller, key: DeviceKeyId, purpose: str) -> Challenge:
        """Return a new challenge. Raises MissingFault, ForbiddenFault `device-revoked`."""
        await self._usable(caller, key)
        now = self._clock.now()
        made = Challenge(self._ids.token(32), caller.subject.id, now + LASTS_FOR)
        waiting = self._open.pop(key, [])
        kept = [one for one in waiting if one[1].expires_at > now][-(_MOST_EACH - 1) :]
        while len(self._open) >= _MOST:
            self._open.popitem(last=False)
        self._open[key] = [*kept, (purpose, made)]
        return made

    @asynccontextmanager
    async def holding(
        self, caller: Caller, proof: Possession, purpose: str, message: bytes
    ) -> AsyncIterator[DeviceKey]:
        """Yield the key that signed `message`; meanwhile it is not revoked.

        Raises ConflictFault `no-challenge`, MissingFault, ForbiddenFault where it did not.
        """
        self._use(caller, proof.key, purpose, proof.challenge)
        key = await self._usable(caller, proof.key)
        signed = ApprovalSignature(key.kind, key.id, "", proof.signature)
        async with self._keys.signing(caller, signed, message):
            yield key

    @asynccontextmanager
    async def connecting(
        self, caller: Caller, proof: Possession | None, target: str, connections: int
    ) -> AsyncIterator[Caller]:
        """Yield the caller, with the device that signed that this is asked; nobody's without."""
        if proof is None:
            yield caller
            return
        message = connect_message(
            caller.subject.id,
            proof.key,
            proof.challenge,
            target,
            connections,
            proof.certificate_key,
        )
        async with self.holding(caller, proof, CONNECT, message) as key:
            yield replace(caller, holds=key.id, certified=self._certifies(proof))

    def _certifies(self, proof: Possession) -> bool:
        issues = self._evidence.rules.client_certificates != "off"
        return issues and bool(proof.certificate_key)

    def _use(self, caller: Caller, key: DeviceKeyId, purpose: str, text: str) -> None:
        now, waiting = self._clock.now(), self._open.get(key, [])
        for one in waiting:
            kind, made = one
            fits = (kind, made.text, made.subject) == (purpose, text, caller.subject.id)
            if fits and now < made.expires_at:
                waiting.remove(one)
                return
        words = "the challenge is over, was used, or was for something else; ask for a new one"
        raise ConflictFault("no-challenge", words)

    async def _usable(self, caller: Caller, key: DeviceKeyId) -> DeviceKey:
        found = await self._evidence.key(caller.subject.id, key)
        if found is None or found.kind not in BINDING_KINDS:
            words = f"you have no device `{key[:60]}`; see `assent device list`"
            raise MissingFault("no-such-device", words)
        if found.revoked_at is not None:
            words = f"device `{found.id}` is revoked; enrol this one with `assent device enroll`"
            raise ForbiddenFault("device-revoked", words)
        return found
