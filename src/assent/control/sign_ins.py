"""Where somebody is signed in, and how that is ended."""

from collections.abc import Sequence

from assent.control.sign_in import Caller, SignIn
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import EntryId, Ids, SubjectId, TokenId
from assent.core.people_changes import DropTokens
from assent.core.ports import Store
from assent.core.token import Token, TokenKind

BY_OWNER = "owner"
BY_ADMINISTRATOR = "administrator"
NEW_PASSWORD = "new-password"  # noqa: S105 - a reason, no secret
OF_PEOPLE = (TokenKind.BROWSER, TokenKind.COMMAND_LINE)


class SignIns:
    """The sign-ins of people in browsers and on command lines; not the tokens of programs."""

    def __init__(self, *, store: Store, sign_in: SignIn, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids

    async def of(self, subject: SubjectId) -> Sequence[Token]:
        """Return where somebody is signed in, the newest first."""
        found = await self._store.tokens(subject)
        held = [one for one in found if one.kind in OF_PEOPLE and not self._sign_in.is_over(one)]
        return sorted(held, key=lambda one: one.issued_at, reverse=True)

    async def end(self, caller: Caller, token: TokenId) -> None:
        """End one of the caller's own. Raises MissingFault."""
        if not any(one.id == token for one in await self.of(caller.subject.id)):
            raise MissingFault("no-such-sign-in", "that sign-in is over, or is not yours")
        entry = self._ended(caller.subject.id, caller.subject.id, token, BY_OWNER)
        await self._store.commit((DropTokens(caller.subject.id, only=token),), (entry,))
        self.ended((entry,))

    async def end_others(self, caller: Caller) -> int:
        """End all of the caller's own but this one; return how many those were."""
        subject = caller.subject.id
        changes, entries, count = await self.ending(subject, subject, BY_OWNER, caller)
        await self._store.commit(changes, entries)
        self.ended(entries)
        return count

    def ended(self, entries: Sequence[Entry]) -> None:
        """Let end what was opened with sign-ins, once what ends them is kept."""
        self._sign_in.bonds.end_all_in(entries)

    async def ending(
        self,
        subject: SubjectId,
        by: SubjectId | None,
        because: str,
        but: Caller | None = None,
        reason: str = "",
    ) -> tuple[Sequence[Change], Sequence[Entry], int]:
        """Return what ends all sign-ins of somebody, their entries, and how many they are.

        but: whose sign-in stays. reason: why, for the log. Whoever keeps them calls `ended` then.
        """
        found = [one.id for one in await self.of(subject) if but is None or one.id != but.token]
        changes = [DropTokens(subject, only=one) for one in found]
        entries = [self._ended(subject, by, one, because, reason) for one in found]
        return changes, entries, len(found)

    def _ended(
        self,
        subject: SubjectId,
        by: SubjectId | None,
        token: TokenId,
        because: str,
        reason: str = "",
    ) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.TOKEN_REVOKED,
            at=self._clock.now(),
            subject=by,
            facts={"about": subject, "token": token, "because": because},
            payload={"reason": reason} if reason else None,
        )
