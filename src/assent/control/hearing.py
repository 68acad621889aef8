"""What the rest of Assent says has changed, told to whatever decides open sessions again."""

from contextlib import suppress
from datetime import datetime

import structlog

from assent.control.continuous import Continuous
from assent.control.directory import Directory
from assent.control.grants import Grants
from assent.control.live import LiveSession, LiveSessions
from assent.control.personal_credentials import PersonalCredentials
from assent.control.revocation import cut
from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.ids import DeviceKeyId, GrantId, SubjectId, TargetId, TokenId
from assent.core.ports import Store
from assent.core.resource import Target
from assent.core.security_event import SecurityEvent
from assent.core.subject import Subject

COMPROMISE = frozenset({"session-revoked", "sessions-revoked", "credential-compromise"})
"""Security events that end what the person was granted, unless the operator wants otherwise."""

NOT_ME = "not-me"
"""Somebody says that a session was not theirs: who has a password of theirs may be another."""

_MOST = 1_000

_log = structlog.get_logger("continuous")


class Hearing:
    """Turns each change of facts into the sessions that it touches, and words for their clients.

    revokes: whether the grants and credentials of somebody who was compromised are ended.
    """

    def __init__(
        self,
        *,
        store: Store,
        live: LiveSessions,
        continuous: Continuous,
        grants: Grants,
        credentials: PersonalCredentials,
        directory: Directory,
        clock: Clock,
        revokes: bool,
    ) -> None:
        self._store = store
        self._live = live
        self._continuous = continuous
        self._grants = grants
        self._credentials = credentials
        self._directory = directory
        self._clock = clock
        self._revokes = revokes

    def policies_replaced(self) -> None:
        """Hear that other policies are in force."""
        self._continuous.touched("the policies were changed", everybody=True)

    def directory_changed(
        self, subjects: dict[SubjectId, Subject | None], targets: frozenset[TargetId]
    ) -> None:
        """Hear who is somebody else than before, and which targets are.

        subjects: as they were, None for who was not there.
        """
        for subject, before in subjects.items():
            self._continuous.touched(self._changed(subject, before), subject=subject)
        for target in targets:
            self._continuous.touched("the target was described anew", target=target)

    def relabelled(self, target: TargetId) -> None:
        """Hear that data of a target has other labels."""
        self._continuous.touched("what the target holds was labelled anew", target=target)

    def described(self, target: Target) -> None:
        """Hear that a target was changed."""
        self._continuous.touched("the target was described anew", target=target.id)

    def networks_refreshed(self) -> None:
        """Hear that something else is known of networks."""
        self._continuous.touched("something else is known of networks", everybody=True)

    def crossed(self, live: LiveSession) -> None:
        """Hear that the risk in a session crossed a line."""
        words = f"the risk in this session is {live.level.value} now"
        self._continuous.touched_one(live, words)

    def device_reported(self, subject: SubjectId) -> None:
        """Hear that something was said of the state of a person's device."""
        self._continuous.device_reported(subject)

    def device_revoked(self, key: DeviceKeyId, since: datetime) -> None:
        """Hear that a device is revoked: what is open on it is over."""
        self._live.changes += 1
        for live in self._live:
            if live.session.device == key:
                words = f"your session on `{live.target.name}` was ended: its device was revoked"
                cut(live, since, words)

    def sign_ins_ended(self, tokens: frozenset[TokenId]) -> None:
        """Hear that somebody ended sign-ins: what was opened with them is over."""
        self._live.changes += 1
        for live in self._live:
            if live.token in tokens:
                words = f"your session on `{live.target.name}` was ended: so was its sign-in"
                cut(live, self._clock.now(), words)

    async def stepped_up(self, subject: Subject) -> None:
        """Hear that somebody confirmed who they are."""
        self._continuous.touched("you confirmed who you are", subject=subject.id)

    async def warned(self, event: SecurityEvent) -> None:
        """Hear of a security event; a compromise revokes what the person was granted."""
        self._continuous.touched("something was reported about your account", subject=event.subject)
        if self._revokes and event.type in COMPROMISE:
            await self._revoke(event)
        if self._revokes and event.type in COMPROMISE | {NOT_ME}:
            await self._end_credentials(event.subject)

    async def _revoke(self, event: SecurityEvent) -> None:
        now, because = self._clock.now(), f"`{event.type}` was reported about your account"
        held: set[GrantId] = set()
        for live in self._live.of(event.subject):
            held.add(live.session.grant)
            # Whatever the store says or not: nothing that was open then stays open.
            cut(live, now, f"your session on `{live.target.name}` was ended: {because}")
        with suppress(Fault):
            found = await self._store.grants(event.subject, valid_at=now, limit=_MOST)
            held.update(grant.id for grant in found)
        for grant in sorted(held):
            try:
                await self._grants.revoke_by_system(grant, because)
            except Fault as fault:
                # The others must end, too.
                _log.warning("not-revoked", grant=grant, code=fault.code)

    async def _end_credentials(self, subject: SubjectId) -> None:
        try:
            await self._credentials.end_all(subject)
        except Fault as fault:
            _log.warning("credentials-not-ended", subject=subject, code=fault.code)

    def _changed(self, subject: SubjectId, before: Subject | None) -> str:
        now = next((one for one in self._directory.subjects() if one.id == subject), None)
        if now is None or now.disabled:
            return "you were disabled"
        if before is None or before.groups != now.groups:
            return "your groups were changed"
        return "what is known of you was changed"
