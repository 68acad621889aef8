"""Links, good once, with which somebody comes in for the first time or again."""

from datetime import timedelta

from assent.control.sign_in import digest_of
from assent.core.authenticator import Invitation
from assent.core.changes import Change
from assent.core.clock import Clock, isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import EntryId, Ids, InvitationId, SubjectId
from assent.core.people_changes import PutInvitation
from assent.core.ports import Store
from assent.core.secret import Secret

FIRST = "first-administrator"
INVITED = "invitation"
RECOVERY = "recovery"
LASTS_FOR = {
    FIRST: timedelta(hours=24),
    INVITED: timedelta(hours=72),
    RECOVERY: timedelta(hours=24),
}
_OVER = "this link was used, has expired, or was replaced by a later one; ask for another"


class Invitations:
    """Makes and finds them. Only the digest of a link's secret is kept."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids, public_url: str) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._public_url = public_url.rstrip("/")

    def make(
        self, purpose: str, subject: SubjectId | None, by: SubjectId | None, reason: str = ""
    ) -> tuple[Secret[str], Change, Entry]:
        """Return a new link, what keeps it, and its entry; earlier ones of its kind end."""
        now, secret = self._clock.now(), Secret(self._ids.token(32))
        invitation = Invitation(
            InvitationId(self._ids.mint("invitation")),
            digest_of(secret),
            purpose,
            subject,
            now,
            now + LASTS_FOR[purpose],
            by,
        )
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.PERSON_INVITED,
            at=now,
            subject=by,
            facts={
                "about": subject,
                "invitation": invitation.id,
                "purpose": purpose,
                "expires_at": isoformat(invitation.expires_at),
            },
            payload={"reason": reason} if reason else None,
        )
        return self._link(secret), PutInvitation(invitation), entry

    async def find(self, secret: Secret[str]) -> Invitation:
        """Return the invitation of a link's secret. Raises MissingFault where it is over."""
        found = await self._store.invitation(digest_of(secret))
        if found is None or found.used_at is not None or self._clock.now() >= found.expires_at:
            raise MissingFault("invitation-over", _OVER)
        return found

    def _link(self, secret: Secret[str]) -> Secret[str]:
        return Secret(f"{self._public_url}/welcome/{secret.reveal()}")
