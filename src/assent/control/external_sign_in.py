"""Signing in with an identity provider: who somebody is there becomes who they are here.

What the provider says was checked by whoever calls this (`identity.oidc`); here is decided which
subject that is, and nobody becomes another one because a provider gives them that name.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assent.control.directory import Directory
from assent.control.people import People
from assent.control.providers import Proved, Provider, Trips
from assent.control.sign_in import Caller, SignIn
from assent.core.authenticator import ExternalIdentity
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Authentication
from assent.core.faults import ConflictFault, Fault, ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.people_changes import DropTokens, PutExternalIdentity
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import Token, TokenKind

METHOD = "oidc"
SCIM = "scim"
_REMEMBERED_FOR = timedelta(minutes=15)
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sign-in comes from: its address, and what the browser calls itself."""

    address: str
    user_agent: str = ""


def source_of(provider: str) -> str:
    """Return what is kept with everything that a provider says."""
    return f"oidc:{provider}"


class ExternalSignIn:
    """Signs in whom an identity provider names.

    providers: those of the configuration, by name. trips: of browsers to them and back.
    linked: (provider, as whom it knows them) → the name of somebody of the configuration.
    sign_in_with: the provider that signs in whom SCIM put here, empty for none.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        people: People,
        sign_in: SignIn,
        trips: Trips,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self.providers: Mapping[str, Provider] = {}
        self.trips = trips
        self._store = store
        self._directory = directory
        self._people = people
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        self.linked: Mapping[tuple[str, str], str] = {}
        self.sign_in_with = ""
        self._ended: dict[tuple[str, str], datetime] = {}
        self._listeners: list[Callable[[SubjectId, bool], Awaitable[None]]] = []

    def when_signed_out(self, listener: Callable[[SubjectId, bool], Awaitable[None]]) -> None:
        """Await `listener` with whom a provider signed out, and whether that was everywhere."""
        self._listeners.append(listener)

    def provider(self, name: str) -> Provider:
        """Return the provider of that name. Raises MissingFault."""
        found = self.providers.get(name)
        if found is None:
            words = f"there is no identity provider `{name[:80]}` here"
            raise MissingFault("no-such-provider", words)
        return found

    async def sign_in(
        self,
        provider: str,
        proved: Proved,
        place: Place,
        lasts_for: timedelta,
        with_changes: Sequence[Change] = (),
    ) -> tuple[Secret[str], Token]:
        """Return a new bearer token of whoever that is here, and what is kept of it.

        The first time makes a subject of them; after that their groups and roles follow.
        with_changes: kept in the same unit as the token. Raises
        ForbiddenFault `sign-in-refused`, with words for the person and the operator.
        """
        subject = await self._subject(provider, proved)
        if subject.disabled:
            raise self._refused(subject, place, f"`{subject.name}` is disabled here")
        now = self._clock.now()
        if proved.ends_at is not None:
            lasts_for = min(lasts_for, proved.ends_at - now)
        if lasts_for <= timedelta() or self._was_ended(provider, proved, now):
            raise self._refused(subject, place, "that sign-in has ended there; sign in again")
        secret, kept = await self._sign_in.issue(
            subject,
            TokenKind.BROWSER,
            METHOD,
            lasts_for=lasts_for,
            address=place.address,
            user_agent=place.user_agent[:200],
            provider=source_of(provider),
            provider_session=proved.session,
            with_changes=with_changes,
        )
        if self._was_ended(provider, proved, now):
            # It ended while this one became durable; whoever ended it did not see it yet.
            await self._drop(kept)
            raise self._refused(subject, place, "that sign-in has ended there; sign in again")
        return secret, kept

    async def step_up(self, provider: str, proved: Proved, digest: str, place: Place) -> None:
        """Take it as proved anew who holds the token of this digest.

        Raises ForbiddenFault where the token is over, or the provider names somebody else.
        """
        kept = await self._store.token(digest)
        if kept is None or self._clock.now() >= kept.expires_at:
            raise ForbiddenFault("not-signed-in", "your sign-in is over; sign in again")
        subject = self._directory.subject(kept.subject)
        found = await self._known(provider, proved)
        if subject.disabled or found is None or found.id != subject.id:
            words = f"the provider says that you are somebody else than `{subject.name}`"
            raise self._refused(subject, place, words)
        proof = Authentication(kept.method, kept.issued_at, None)
        caller = Caller(subject, proof, digest, place.address, "web", token=kept.id)
        await self._sign_in.stepped_up(caller, METHOD)

    async def sign_out(self, provider: str, external: str, session: str) -> int:
        """Return how many sign-ins ended because the provider says that they are over.

        session: of the provider, empty for all of that person's; external may be empty then not.
        """
        self._remember(provider, external, session)
        source, subject = source_of(provider), None
        if external:
            named = Proved(external, "")
            found = await self._known(provider, named)
            if found is None:
                return 0
            subject = found.id
        tokens = await self._store.tokens(subject, source, session)
        # All that hang on it go, whatever comes of what is told of it.
        for one in tokens:
            await self._drop(one)
        for holder in dict.fromkeys(token.subject for token in tokens):
            await self._tell(holder)
        return len(tokens)

    async def _subject(self, provider: str, proved: Proved) -> Subject:
        known = await self._known(provider, proved)
        source = source_of(provider)
        if known is not None and known.source != source:
            return known
        if known is None and (same := self._directory.subject_named(proved.name)) is not None:
            return await self._linked_by_name(provider, proved, same)
        now = self._clock.now()
        said = self._directory.said(known.id) if known is not None else None
        is_now = _as_said(said or Subject(self._people.new_id(), proved.name, since=now), proved)
        is_now = replace(is_now, source=source)
        if known is not None and is_now == said:
            return known
        return await self._put(is_now, (self._identity(provider, proved, is_now.id),))

    async def _put(self, subject: Subject, changes: Sequence[Change]) -> Subject:
        try:
            return await self._people.put(subject, None, with_changes=changes)
        except ConflictFault as fault:
            words = f"{fault.detail}; ask whoever looks after this gateway"
            raise ForbiddenFault("sign-in-refused", words) from fault

    async def _known(self, provider: str, proved: Proved) -> Subject | None:
        """Return who that is here, None for nobody; configured links come first."""
        name = self.linked.get((provider, proved.external))
        if name is not None:
            return self._directory.subject_named(name)
        found = await self._store.external_identities(source_of(provider), proved.external)
        return self._directory.subject(found[0].subject) if found else None

    async def _linked_by_name(self, provider: str, proved: Proved, same: Subject) -> Subject:
        """Return who has that name already, if this provider may sign them in."""
        if same.source != SCIM or self.sign_in_with != provider:
            words = (
                f"there is somebody called `{same.name}` here whom this provider does not "
                f"describe; whoever looks after this gateway can link them: "
                f'`oidc = "{provider}:{proved.external[:80]}"` in `[[people]]`, or another name'
            )
            raise ForbiddenFault("sign-in-refused", words)
        others = await self._store.external_identities(source_of(provider), subject=same.id)
        if others:
            words = f"`{same.name}` is linked to another account of this provider"
            raise ForbiddenFault("sign-in-refused", words)
        await self._store.commit((self._identity(provider, proved, same.id),), ())
        return same

    def _identity(self, provider: str, proved: Proved, subject: SubjectId) -> PutExternalIdentity:
        source, now = source_of(provider), self._clock.now()
        return PutExternalIdentity(ExternalIdentity(source, proved.external, subject, now))

    def _refused(self, subject: Subject, place: Place, words: str) -> ForbiddenFault:
        refusals = self._sign_in.refusals
        refusals.count(subject.id, EntryKind.LOGIN, "sign-in-refused", place.address)
        return ForbiddenFault("sign-in-refused", words)

    def _remember(self, provider: str, external: str, session: str) -> None:
        """Keep what ended: a sign-in of that session may be under way."""
        now = self._clock.now()
        for key, at in [*self._ended.items()]:
            if now - at <= _REMEMBERED_FOR and len(self._ended) < _MOST_REMEMBERED:
                break
            del self._ended[key]
        self._ended[provider, session or f"\0{external}"] = now

    def _was_ended(self, provider: str, proved: Proved, now: datetime) -> bool:
        """Return whether the provider said meanwhile that this very session is over.

        A person who was signed out by name may sign in again at once, in a new session.
        """
        at = self._ended.get((provider, proved.session)) if proved.session else None
        return at is not None and now - at <= _REMEMBERED_FOR

    async def _drop(self, token: Token) -> None:
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOGOUT,
            at=self._clock.now(),
            subject=token.subject,
            facts={"by": "identity-provider", "token": token.id},
        )
        await self._store.commit((DropTokens(token.subject, only=token.id),), (entry,))

    async def _tell(self, subject: SubjectId) -> None:
        now = self._clock.now()
        try:
            left = await self._store.tokens(subject)
        except Fault:
            # Not known is as none: what is open is better cut once too often.
            left = ()
        signed_in = (one for one in left if one.kind is not TokenKind.API and one.expires_at > now)
        everywhere = next(signed_in, None) is None
        for listener in self._listeners:
            await listener(subject, everywhere)


def _as_said(subject: Subject, proved: Proved) -> Subject:
    """Return a subject as the provider describes them now; who disabled them here is kept."""
    return replace(
        subject,
        name=proved.name,
        display_name=proved.display_name or proved.name,
        email=proved.email,
        time_zone=proved.time_zone,
        groups=proved.groups,
        roles=proved.roles,
    )
