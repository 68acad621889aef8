"""Where asyncssh would decide by itself, and the gateway decides instead.

asyncssh takes environment variables and listens for agents on its own; its certificate check knows
neither our clock nor our critical option. Whatever leans on the inside of that library is here and
in `packets`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncssh
from asyncssh.packet import SSHPacket, String

from assent.gateway.ssh.packets import Packets

_MOST_VARIABLES = 64
_LONGEST_VARIABLE = 1_024
_CERTIFICATE = "-cert-v01@openssh.com"
_WINDOW = 2 * 1024 * 1024

Holds = Callable[[str], bool]


class ClientSide(asyncssh.SSHServer):
    """What the gateway answers a client with, beside what asyncssh asks of every server."""

    async def certified(self, user: str, line: str, holds: Holds | None) -> bool:
        """Return whether a certificate lets this user in.

        holds: says of a public key whether the client proved that it has the other half; None
        where it only asks whether the certificate would do, and is not let in yet.
        """
        raise NotImplementedError

    async def agent_wanted(self, channel: "ClientChannel") -> bool:
        """Return whether the client's agent is lent to the target."""
        raise NotImplementedError


class ClientChannel(asyncssh.SSHServerChannel[bytes]):
    """A session channel that takes only the variables that say how to write."""

    def _process_env_request(self, packet: SSHPacket) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        if not _taken(name) or len(value) > _LONGEST_VARIABLE or len(self._env) >= _MOST_VARIABLES:
            return False
        self._env[name] = value
        return True

    async def _finish_agent_req_request(self) -> None:
        owner = self.get_connection().get_owner()
        wanted = isinstance(owner, ClientSide) and await owner.agent_wanted(self)
        if self._request_queue:
            self._report_response(wanted)


class ClientConnection(Packets, asyncssh.SSHServerConnection):
    """A connection of a client, from its first byte on."""

    def session_channel(self) -> ClientChannel:
        """Return the channel of a session that is being opened."""
        self._update_recv_pktlen(self._max_pktsize)
        return ClientChannel(
            self, self._loop, True, False, False, 0, 0, None, "strict", _WINDOW, self._max_pktsize
        )  # fmt: skip

    @property
    def is_proved(self) -> bool:
        """Whether the client has proved who it is."""
        return bool(self._auth_complete)

    @property
    def is_over(self) -> bool:
        """Whether nothing reaches the client any more."""
        return self._transport is None

    @property
    def channel_count(self) -> int:
        """How many channels are open, of all kinds."""
        return len(self._channels)

    async def validate_public_key(
        self, username: str, key_data: bytes, msg: bytes, signature: bytes
    ) -> bool:
        """Return whether a certificate, and with `msg` its key too, is this user's."""
        kind = _kind(key_data)
        owner = self.get_owner()
        if not kind.endswith(_CERTIFICATE) or not isinstance(owner, ClientSide):
            # No bare key says who somebody is here.
            return False

        def holds(public_key: str) -> bool:
            key = asyncssh.import_public_key(public_key)
            return key.verify(String(self._session_id) + msg, signature)

        return await owner.certified(username, _line(kind, key_data), holds if msg else None)

    async def open_agent(self, session: Callable[[], Any]) -> None:
        """Open a channel to the client's agent. Raises asyncssh.ChannelOpenError."""
        await self.create_agent_channel().open(session)


class TargetConnection(Packets, asyncssh.SSHClientConnection):
    """A connection to a target. agent: opens a channel to the client's, None where none is lent."""

    agent: Callable[[], Awaitable[asyncssh.SSHUNIXSession[bytes]]] | None = None

    def lend_agent(self, agent: Callable[[], Awaitable[asyncssh.SSHUNIXSession[bytes]]]) -> None:
        """Let the target ask for the client's agent, in the sessions opened from now on."""
        self.agent = agent
        # Only whether it is set is looked at; nothing is ever opened under that name.
        self._agent_forward_path = "client"

    def _process_auth_agent_at_openssh_dot_com_open(self, packet: SSHPacket) -> Any:
        packet.check_end()
        if self.agent is None:
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "no agent is lent"
            )
        return self.create_unix_channel(), self.agent()


async def connect(
    owner: asyncssh.SSHClient,
    options: asyncssh.SSHClientConnectionOptions,
    transport: Callable[[Callable[[], asyncio.Protocol]], Awaitable[Any]],
) -> TargetConnection:
    """Return a connection that has signed in. transport: dials, with a factory of protocols.

    Raises OSError and asyncssh.Error.
    """
    loop = asyncio.get_running_loop()
    options.waiter = loop.create_future()
    options.protocol_factory = lambda: owner
    made: list[TargetConnection] = []

    def factory() -> asyncio.Protocol:
        made.append(TargetConnection(loop, options, wait="auth"))
        return made[0]

    try:
        await transport(factory)
        await options.waiter
    except BaseException:
        for one in made:
            one.abort()
        raise
    return made[0]


def _kind(key_data: bytes) -> str:
    try:
        return SSHPacket(key_data).get_string().decode("ascii")
    except (asyncssh.Error, UnicodeDecodeError):
        return ""


def _line(kind: str, key_data: bytes) -> str:
    from base64 import b64encode

    return f"{kind} {b64encode(key_data).decode('ascii')}"


def _taken(name: bytes) -> bool:
    return name in (b"LANG", b"LANGUAGE", b"TERM", b"COLORTERM") or name.startswith(b"LC_")
