"""A sign-in of a command line that its device vouches for: its token says which one that is."""

from assent.audit.device_statements import sign_in_message
from assent.control.at_a_browser import signed_in_themself
from assent.control.device_proofs import SIGN_IN, DeviceProofs, Possession
from assent.control.sign_in import Caller, SignIn
from assent.core.changes import DropToken
from assent.core.clock import Clock
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.token import Token, TokenKind


async def vouched(
    sign_in: SignIn,
    proofs: DeviceProofs,
    store: Store,
    clock: Clock,
    caller: Caller,
    proof: Possession,
) -> tuple[Secret[str], Token]:
    """Return the token that takes the place of the caller's, with the device that signed for it.

    It was proved when the first one was, and ends with it. Raises ForbiddenFault unless that is a
    person's own sign-in on a command line; and as `DeviceProofs.holding` does.
    """
    kept = await signed_in_themself(store, caller)
    if kept.kind is not TokenKind.COMMAND_LINE:
        words = "only a sign-in of a command line is vouched for by a device"
        raise ForbiddenFault("not-a-command-line", words)
    if kept.device is not None:
        raise ConflictFault("vouched-already", f"device `{kept.device}` vouches for it already")
    message = sign_in_message(caller.subject.id, proof.key, proof.challenge, kept.id)
    async with proofs.holding(caller, proof, SIGN_IN, message) as key:
        left = kept.expires_at - kept.issued_at
        if clock.now() >= kept.expires_at:
            raise ForbiddenFault("not-signed-in", "sign in first: `assent login`")
        return await sign_in.issue(
            caller.subject,
            kept.kind,
            kept.method,
            lasts_for=left,
            fresh=kept.stepped_up_at is not None,
            proved_at=kept.issued_at,
            with_changes=(DropToken(kept.digest),),
            name=kept.name,
            address=kept.address,
            user_agent=kept.user_agent,
            provider=kept.provider,
            provider_session=kept.provider_session,
            device=key.id,
        )
