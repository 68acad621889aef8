"""Answers that prove what they answer to: bound to what was shown, and signed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from assent.audit.approval_signatures import approval_message
from assent.control.device_keys import DeviceKeys
from assent.control.showing import Showing
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.decision import ApprovalRemedy
from assent.core.device_key import ApprovalSignature
from assent.core.faults import ConflictFault
from assent.core.request import Request, Verdict
from assent.core.scope import Terms
from assent.workflow.narrowing import narrow


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody proves with their answer. shown: the digest of what they saw, empty for none.

    signature: over that, None where they do not sign.
    """

    shown: str = ""
    signature: ApprovalSignature | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof that was checked. document: what was shown, beside a signature."""

    signature: ApprovalSignature | None = None
    document: Mapping[str, Json] | None = None


NOTHING = Proof()


class Signing:
    """Checks the proofs that come with answers."""

    def __init__(self, *, showing: Showing, device_keys: DeviceKeys) -> None:
        self._showing = showing
        self._device_keys = device_keys

    @asynccontextmanager
    async def proved(
        self,
        caller: Caller,
        request: Request,
        verdict: Verdict,
        proof: Proof,
        terms: Terms | None = None,
    ) -> AsyncIterator[Proved]:
        """Hold a proof as good while the answer is made durable.

        request: as it stands, and stays meanwhile. terms: of an offer. Raises ConflictFault
        where what was shown has changed, ForbiddenFault for a signature that is not good.
        """
        if not proof.shown:
            if proof.signature is not None:
                words = "a signature is over what was shown; send its digest as well"
                raise ConflictFault("nothing-shown", words)
            yield Proved()
            return
        shown = await self._showing.check(request, proof.shown, terms)
        if proof.signature is None:
            yield Proved()
            return
        digest = narrow(request.action, terms).digest() if terms else request.action_digest
        message = approval_message(verdict.value, request.id, digest, shown.digest)
        async with self._device_keys.signing(caller, proof.signature, message) as signature:
            yield Proved(signature, shown.document)


def needs_signature(request: Request) -> bool:
    """Return whether some assent to it must be signed."""
    return any(isinstance(remedy, ApprovalRemedy) and remedy.signed for remedy in request.remedies)
