"""The token with which an identity provider comes by SCIM, and what it is good for: nothing else.

It belongs to a service account of its own, so that it does not end with whoever made it.
"""

from datetime import timedelta

from assent.control.api_tokens import STEPPED_UP_WITHIN
from assent.control.at_a_browser import signed_in_themself
from assent.control.directory import Directory
from assent.control.people import People
from assent.control.sign_in import API_TOKEN, Caller, SignIn, digest_of
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import DropTokens
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.subject import Subject, SubjectKind
from assent.core.token import Token, TokenKind

NAME = "scim"
LASTS_FOR = timedelta(days=365)
MOST = 2
"""Tokens at once: one can be replaced while the other one still counts."""
_MAY = frozenset({Permission.PROVISION})


class Provisioners:
    """Makes the tokens of the provider, ends them, and knows who comes with one."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        people: People,
        sign_in: SignIn,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._people = people
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids

    async def mint(self, caller: Caller, lasts_for: timedelta) -> tuple[Secret[str], Token]:
        """Return a new token, shown once; of the earlier ones only the latest stays.

        Raises ForbiddenFault unless an administrator asks, who just proved who they are.
        """
        await self._check(caller)
        if not timedelta(hours=1) <= lasts_for <= LASTS_FOR:
            raise ConflictFault("bad-time", "a token lasts for an hour at least, a year at most")
        account = await self._account(caller)
        held = sorted(await self._store.tokens(account.id), key=lambda one: one.issued_at)
        for one in held[: max(0, len(held) - MOST + 1)]:
            await self._drop(caller, one)
        return await self._sign_in.issue(
            account,
            TokenKind.API,
            API_TOKEN,
            fresh=False,
            lasts_for=lasts_for,
            name="SCIM",
            permissions=_MAY,
            address=caller.address,
            made_by=caller.subject.id,
        )

    async def revoke(self, caller: Caller) -> int:
        """Return how many tokens there were; none of them is good for anything any more."""
        await self._check(caller)
        account = self._directory.subject_named(NAME)
        held = await self._store.tokens(account.id) if account is not None else ()
        for one in held:
            await self._drop(caller, one)
        return len(held)

    async def admitted(self, token: Secret[str]) -> SubjectId:
        """Return as whom a provider comes. Raises ForbiddenFault `not-signed-in`, `not-yours`."""
        kept = await self._store.token(digest_of(token))
        if kept is None or self._clock.now() >= kept.expires_at:
            raise ForbiddenFault("not-signed-in", "this token is not known or has expired")
        subject = self._directory.subject(kept.subject)
        # Exactly this, whatever else people could have put into a token.
        fits = kept.kind is TokenKind.API and kept.permissions == _MAY
        if subject.disabled or not fits or subject.kind is not SubjectKind.WORKLOAD:
            words = "only a token of `assent scim token` opens this door"
            raise ForbiddenFault("not-permitted", words)
        return subject.id

    async def _check(self, caller: Caller) -> None:
        caller.check(Permission.CHANGE_PEOPLE)
        kept = await signed_in_themself(self._store, caller)
        at = kept.stepped_up_at
        if at is None or self._clock.now() - at > STEPPED_UP_WITHIN:
            minutes = STEPPED_UP_WITHIN // timedelta(minutes=1)
            words = f"confirm who you are first: `assent step-up`; it counts for {minutes} min"
            raise ForbiddenFault("step-up-needed", words)

    async def _account(self, caller: Caller) -> Subject:
        known = self._directory.subject_named(NAME)
        if known is None:
            new = Subject(
                self._people.new_id(),
                NAME,
                SubjectKind.WORKLOAD,
                "SCIM provisioning",
                source="local",
                since=self._clock.now(),
                task="puts people and groups here",
            )
            return await self._people.put(new, caller.subject.id)
        if known.kind is not SubjectKind.WORKLOAD or known.disabled:
            words = f"`{NAME}` is somebody else's name, or disabled; it must be free for SCIM"
            raise ConflictFault("name-taken", words)
        return known

    async def _drop(self, caller: Caller, token: Token) -> None:
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.TOKEN_REVOKED,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts={"about": token.subject, "token": token.id},
            payload={"name": token.name, "address": caller.address},
        )
        await self._store.commit((DropTokens(token.subject, token.id),), (entry,))
