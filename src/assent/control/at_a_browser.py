"""What a command line is signed in on: somebody's own sign-in in a browser."""

from datetime import datetime

from assent.control.sign_in import API_TOKEN, TOKEN_LASTS_FOR, Caller, SignIn
from assent.core.faults import ForbiddenFault
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind
from assent.core.token import Token, TokenKind

LONGEST_HOST = 60


async def sign_in_of(store: Store, caller: Caller) -> Token:
    """Return the sign-in that somebody acts by.

    Raises ForbiddenFault unless it is a person's own, in a browser, and still stands: no sign-in
    of a command line makes another one, and no program signs anybody in.
    """
    kept = await store.token(caller.token_digest)
    a_person = caller.subject.kind is SubjectKind.HUMAN
    if kept is None or kept.kind is not TokenKind.BROWSER or not a_person:
        words = "only whoever is signed in in a browser signs a command line in"
        raise ForbiddenFault("not-in-a-browser", words)
    return kept


async def signed_in_themself(store: Store, caller: Caller) -> Token:
    """Return a person's own sign-in, by whichever way. Raises ForbiddenFault for a program's."""
    kept = await store.token(caller.token_digest)
    by_program = kept is None or kept.kind is TokenKind.API
    if by_program or caller.authentication.method == API_TOKEN:
        words = "a program's token cannot do this; sign in yourself: `assent login`"
        raise ForbiddenFault("token-cannot", words)
    if kept is None or caller.subject.kind is not SubjectKind.HUMAN:
        words = f"`{caller.subject.name}` is not a person; only people do this"
        raise ForbiddenFault("not-a-person", words)
    caller.check_whole()
    return kept


async def issued_to(
    sign_in: SignIn,
    subject: Subject,
    proof: Token,
    *,
    now: datetime,
    method: str,
    name: str,
    address: str,
    user_agent: str,
) -> tuple[Secret[str], Token]:
    """Return a new bearer token of a command line.

    proof: the sign-in in a browser that it rests on. It is proved no later than that one, and
    ends with what was proved there: else a sign-in could renew itself for ever. method: what the
    new one counts as.
    Raises ForbiddenFault where that is over.
    """
    if now >= proof.expires_at or now >= proof.issued_at + TOKEN_LASTS_FOR:
        raise ForbiddenFault("not-signed-in", "the sign-in in the browser is over; sign in again")
    return await sign_in.issue(
        subject,
        TokenKind.COMMAND_LINE,
        method,
        fresh=False,
        proved_at=proof.issued_at,
        lasts_for=min(TOKEN_LASTS_FOR, proof.expires_at - proof.issued_at),
        name=name,
        address=address,
        user_agent=user_agent,
        provider=proof.provider,
        provider_session=proof.provider_session,
        device=proof.device,
    )


def printable(text: str) -> str:
    """Return what a machine calls itself as one short line without what a page would obey."""
    return "".join(mark for mark in text if mark.isprintable())[:LONGEST_HOST].strip()
