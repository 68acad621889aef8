"""One client's connection: who they prove to be, and what they open on it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncssh
import structlog

from assent.control.opening import Candidate
from assent.core.ids import DeviceKeyId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway.ssh import forwarding
from assent.gateway.ssh.channel import ClientEnd
from assent.gateway.ssh.names import Named, named
from assent.gateway.ssh.parts import SshParts
from assent.gateway.ssh.visit import Visit
from assent.gateway.ssh.wire import ClientChannel, ClientConnection, ClientSide, Holds

MOST_PASSWORDS = 6
MOST_CHANNELS = 64
_LONGEST_PASSWORD = 1_000
_SSH = 22
_MOST_TARGETS = 64

_log = structlog.get_logger("gateway")

Within = Callable[["Jump"], Awaitable[ClientConnection]]


@dataclass(frozen=True, slots=True)
class Jump:
    """A connection within another one, to a target by its name: `ssh -J gateway deploy@web1`.

    person: who proved themselves on the outer one; nobody else gets in here.
    """

    person: str
    target: Target
    address: str


@dataclass(frozen=True, slots=True)
class _Proved:
    candidate: Candidate
    account: str
    shown: DeviceKeyId | None


class Visitor(ClientSide):
    """Answers one client. jump: what its connection is within, None for one from outside.

    serve: makes the connection within this one for a jump.
    """

    def __init__(self, parts: SshParts, serve: Within, jump: Jump | None = None) -> None:
        self._parts = parts
        self._serve = serve
        self._jump = jump
        self._passwords = 0
        self._proved: _Proved | None = None
        self._connection: ClientConnection | None = None
        self.visit: Visit | None = None
        self.address = jump.address if jump is not None else ""

    # Who it is.

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Hear of the connection."""
        assert isinstance(conn, ClientConnection)
        self._connection = conn
        if self._jump is None:
            peer = conn.get_extra_info("peername") or ("", 0)
            self.address = str(peer[0])

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that it is gone."""
        if self.visit is not None:
            self.visit.hung_up()

    def begin_auth(self, username: str) -> bool:
        """Return that everybody has to prove who they are."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Return that certificates are taken."""
        return True

    def password_auth_supported(self) -> bool:
        """Return that session credentials are taken; asked for by keyboard as well."""
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        """Return whether this is a session credential of theirs."""
        self._passwords += 1
        if self._passwords > MOST_PASSWORDS:
            self._disconnect("too many passwords")
            return False
        says = self._named(username)
        candidate = None
        if says is not None and password and len(password) <= _LONGEST_PASSWORD:
            candidate = await self._by_password(says, Secret(password))
        if candidate is None or says is None:
            await self._refused(says)
            return False
        return self._let_in(candidate, says.account, None)

    async def certified(self, user: str, line: str, holds: Holds | None) -> bool:
        """Return whether the certificate is of this person, for this target, and unused."""
        says = self._named(user)
        shown = self._parts.authority.read(line, self._parts.gateway.clock.now())
        if says is None or shown is None or not self._is_within_jump(shown.person, shown.target):
            return False
        candidate, _ = await self._parts.opening.identify(shown.person, shown.target)
        accounts = (candidate.target.user, *candidate.target.databases) if candidate else ()
        if user != shown.person and user in accounts:
            # As in `ssh deploy@web1`: who it is and for what is in the certificate.
            says = Named(shown.person, shown.target, user)
        fits = shown.person == says.person and says.target in ("", shown.target)
        credentials = candidate.credentials if candidate is not None else ()
        found = tuple(one for one in credentials if one.id == shown.credential)
        would_do = fits and candidate is not None and bool(found)
        if holds is None:
            return would_do
        if candidate is None or not (would_do and holds(shown.public_key)):
            self._parts.opening.refused(candidate, self.address)
            return False
        proved = Candidate(candidate.subject, candidate.target, found)
        return self._let_in(proved, says.account, found[0].device)

    def _named(self, user: str) -> Named | None:
        """Return whom the user name says; within a jump it is the account at the target."""
        if self._jump is None:
            return named(user)
        inner = named(f"{self._jump.person}:{user}@{self._jump.target.name}") if user else None
        return inner if inner is not None and inner.account == user else None

    def _is_within_jump(self, person: str, target: str) -> bool:
        """Return whether somebody may get in here, at that target: within a jump, who made it."""
        jump = self._jump
        return jump is None or (person, target) == (jump.person, jump.target.name)

    async def _by_password(self, says: Named, password: Secret[str]) -> Candidate | None:
        opening = self._parts.opening
        if says.target:
            return await opening.prove(says.person, says.target, password)
        names = [one.name for one in self._targets()]
        return await opening.prove_among(says.person, names, password)

    def _targets(self) -> list[Target]:
        targets = [one for one in self._parts.directory.targets() if one.protocol == "ssh"]
        return targets[:_MOST_TARGETS]

    async def _refused(self, says: Named | None) -> None:
        """Count it, under the name that was said."""
        candidate = None
        if says is not None:
            targets = [says.target] if says.target else [one.name for one in self._targets()[:1]]
            for target in targets:
                candidate, _ = await self._parts.opening.identify(says.person, target)
        self._parts.opening.refused(candidate, self.address)

    def _let_in(self, candidate: Candidate, account: str, shown: DeviceKeyId | None) -> bool:
        if candidate.target.protocol != "ssh" or candidate.target.retired:
            self._parts.opening.refused(candidate, self.address)
            return False
        account = account or candidate.target.user
        self._proved = _Proved(candidate, account, shown)
        return True

    def auth_completed(self) -> None:
        """Begin the visit; no session is opened before something is wanted."""
        proved, connection = self._proved, self._connection
        if proved is None or connection is None:
            self._disconnect("nobody proved who they are")
            return
        self.visit = Visit(
            self._parts, connection, proved.candidate, proved.account, self.address, proved.shown
        )

    # What they open.

    def session_requested(self) -> tuple[ClientChannel, asyncssh.SSHServerSession[bytes]]:
        """Return the end of a session channel."""
        visit = self._visiting()
        return visit.connection.session_channel(), ClientEnd(visit)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Awaitable[asyncssh.SSHTCPSession[bytes]]:
        """Return the end of a connection to a target by its name, or to an address behind it."""
        visit = self._visiting()
        target = self._parts.directory.target_named(dest_host)
        at_its_door = target is not None and dest_port in (_SSH, target.port)
        if target is not None and target.protocol == "ssh" and at_its_door and self._jump is None:
            person = visit.candidate.subject.name
            return self._serve(Jump(person, target, self.address))  # type: ignore[return-value]
        return forwarding.forward(visit, dest_host, dest_port)

    def server_requested(
        self, listen_host: str, listen_port: int
    ) -> Awaitable[asyncssh.SSHListener | bool]:
        """Return what listens at the target, False where nothing may."""
        return forwarding.listen(self._visiting(), listen_host, listen_port)

    async def agent_wanted(self, channel: ClientChannel) -> bool:
        """Return whether the client's agent is lent to the target."""
        return await forwarding.lend_agent(self._visiting())

    def _visiting(self) -> Visit:
        visit = self.visit
        if visit is None:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "prove who you are first"
            )
        if visit.connection.channel_count >= MOST_CHANNELS:
            _log.warning("too-many-channels", most=MOST_CHANNELS)
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_RESOURCE_SHORTAGE, "too many channels on one connection"
            )
        return visit

    def _disconnect(self, words: str) -> None:
        if self._connection is not None:
            self._connection.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, words)


__all__ = ["MOST_CHANNELS", "MOST_PASSWORDS", "Jump", "Visitor"]
