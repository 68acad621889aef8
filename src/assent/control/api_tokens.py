"""Tokens for programs: made by people, good for a choice of what they may do, and for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from assent.control.at_a_browser import signed_in_themself
from assent.control.directory import Directory
from assent.control.outbox import Outbox
from assent.control.sign_in import API_TOKEN, PEOPLE_ONLY, Caller, SignIn
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids, SubjectId, TokenId
from assent.core.people_changes import DropTokens
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import Token, TokenKind

USUAL = timedelta(days=30)
LONGEST = timedelta(days=365)
SHORTEST = timedelta(minutes=1)
STEPPED_UP_WITHIN = timedelta(minutes=5)
MOST_EACH = 50
LONGEST_NAME = 60
USUAL_PERMISSIONS = frozenset({Permission.ASK})


@dataclass(frozen=True, slots=True)
class Held:
    """A token of a program, and whose it is."""

    token: Token
    holder: Subject


class ApiTokens:
    """Makes, lists and revokes tokens of programs: one's own, and of what one answers for."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        sign_in: SignIn,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._sign_in = sign_in
        self._outbox = outbox
        self._clock = clock
        self._ids = ids

    def may_have(self, caller: Caller, holder: Subject) -> frozenset[Permission]:
        """Return what a token that the caller makes for `holder` can be good for, at most."""
        may = self._directory.permissions_of(holder) - PEOPLE_ONLY
        # Nobody gets what they may not do themself by way of a machine that they made.
        return may & caller.permissions

    async def mint(
        self,
        caller: Caller,
        name: str,
        *,
        permissions: frozenset[Permission] = USUAL_PERMISSIONS,
        lasts_for: timedelta = USUAL,
        holder: Subject | None = None,
    ) -> tuple[Secret[str], Token]:
        """Return a new token, shown once, and what is kept of it.

        holder: a service account or an agent that the caller may make one for; None for the
        caller. Raises ForbiddenFault (no fresh step-up, by a program, not theirs, more than they
        may), ConflictFault (name, time, too many).
        """
        whose = holder or caller.subject
        self._check_answers_for(caller, whose)
        await self._check_fresh(caller)
        self._check_terms(name, lasts_for)
        self._check_permissions(caller, whose, permissions)
        if whose.disabled:
            raise ConflictFault("disabled", f"`{whose.name}` is disabled; enable it first")
        if len(await self._of(whose.id)) >= MOST_EACH:
            words = f"`{whose.name}` has {MOST_EACH} tokens; revoke one: `assent tokens revoke`"
            raise ConflictFault("too-many-tokens", words)
        told = self._told(
            whose,
            "token.minted",
            f"the token `{name}` can act as {whose.name} now",
            f"{caller.subject.name} made it; if that is wrong, revoke it: `assent tokens`",
        )
        return await self._sign_in.issue(
            whose,
            TokenKind.API,
            API_TOKEN,
            fresh=False,
            lasts_for=lasts_for,
            with_changes=told,
            name=name,
            permissions=permissions,
            address=caller.address,
            made_by=caller.subject.id,
        )

    async def listing(self, caller: Caller) -> Sequence[Held]:
        """Return the tokens of the caller and of what they answer for, the next to end first."""
        mine = [caller.subject, *self._answered_for(caller.subject.id)]
        found = [Held(token, one) for one in mine for token in await self._of(one.id)]
        return sorted(found, key=lambda held: (held.token.expires_at, held.token.id))

    async def of(self, caller: Caller, holder: Subject) -> Sequence[Token]:
        """Return the tokens of one subject. Raises ForbiddenFault unless it is the caller's."""
        self._check_answers_for(caller, holder)
        return await self._of(holder.id)

    async def revoke(self, caller: Caller, token: TokenId) -> Held:
        """Return the token, with which nothing can be done any more.

        Raises MissingFault for one that is not there, or not the caller's to revoke;
        ForbiddenFault for a program.
        """
        await signed_in_themself(self._store, caller)
        held = await self._find(caller, token)
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.TOKEN_REVOKED,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts={"about": held.holder.id, "token": held.token.id},
            payload={"name": held.token.name, "address": caller.address},
        )
        told = self._told(
            held.holder,
            "token.revoked",
            f"the token `{held.token.name}` of {held.holder.name} is revoked",
            f"{caller.subject.name} revoked it",
        )
        await self._store.commit((DropTokens(held.holder.id, held.token.id), *told), (entry,))
        self._sign_in.bonds.end((held.token.id,))
        return held

    async def own(self, caller: Caller) -> Token | None:
        """Return what is kept of the token that the caller came with, None if it is gone."""
        return await self._store.token(caller.token_digest)

    async def _of(self, subject: SubjectId) -> list[Token]:
        now = self._clock.now()
        found = await self._store.tokens(subject=subject)
        return [one for one in found if one.kind is TokenKind.API and now < one.expires_at]

    def _answered_for(self, subject: SubjectId) -> list[Subject]:
        return [
            one for one in self._directory.subjects() if subject in (one.owner, one.on_behalf_of)
        ]

    async def _find(self, caller: Caller, token: TokenId) -> Held:
        everybody = caller.may(Permission.CHANGE_PEOPLE)
        mine = [caller.subject, *self._answered_for(caller.subject.id)]
        for one in self._directory.subjects() if everybody else mine:
            for kept in await self._of(one.id):
                if kept.id == token:
                    return Held(kept, one)
        raise MissingFault(
            "no-such-token", f"you have no token `{token[:60]}`; see `assent tokens`"
        )

    def _check_answers_for(self, caller: Caller, holder: Subject) -> None:
        own = holder.id == caller.subject.id
        theirs = caller.subject.id in (holder.owner, holder.on_behalf_of)
        machine = holder.owner is not None or holder.on_behalf_of is not None
        if own or theirs or (machine and caller.may(Permission.CHANGE_PEOPLE)):
            return
        words = f"only who answers for `{holder.name}`, or an administrator, makes it a token"
        raise ForbiddenFault("not-yours", words)

    async def _check_fresh(self, caller: Caller) -> None:
        kept = await signed_in_themself(self._store, caller)
        at = kept.stepped_up_at
        if at is None or self._clock.now() - at > STEPPED_UP_WITHIN:
            minutes = STEPPED_UP_WITHIN // timedelta(minutes=1)
            words = f"confirm who you are first: `assent step-up`; it counts for {minutes} min"
            raise ForbiddenFault("step-up-needed", words)

    def _check_terms(self, name: str, lasts_for: timedelta) -> None:
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            words = f"a token's name has 1 to {LONGEST_NAME} characters that can be printed"
            raise ConflictFault("bad-name", words)
        if not SHORTEST <= lasts_for <= LONGEST:
            raise ConflictFault("bad-duration", "a token lasts a minute at least, a year at most")

    def _check_permissions(
        self, caller: Caller, holder: Subject, permissions: frozenset[Permission]
    ) -> None:
        too_much = sorted(permissions - self.may_have(caller, holder))
        if not permissions:
            raise ConflictFault("no-permissions", "say what the token is good for")
        if too_much:
            words = f"no token of `{holder.name}` that you make can be good for `{too_much[0]}`"
            raise ForbiddenFault("more-than-yours", words)

    def _told(self, holder: Subject, topic: str, headline: str, line: str) -> list[Change]:
        to = tuple(one for one in (holder.owner or holder.on_behalf_of or holder.id,) if one)
        link = "/account/tokens"
        key = f"{topic}:{self._ids.mint('notice')}"
        return [
            self._outbox.notice(topic, to=to, headline=headline, lines=(line,), link=link, key=key)
        ]
