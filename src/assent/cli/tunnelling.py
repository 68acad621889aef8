"""Carries streams from a port of this machine to the gateway's door for TCP, by HTTP CONNECT."""

import asyncio
import hmac
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode

_LONGEST_HEAD = 16 * 1024
_LONGEST_WORDS = 8 * 1024
_AT_ONCE = 64 * 1024
_CONNECTS_WITHIN_S = 10.0
# A password that is about to end opens nothing any more.
_SPARE = timedelta(seconds=5)

Opened = Mapping[str, Any]


class Door:
    """The gateway's door and a password for it; a new one is asked for when it is used up."""

    def __init__(self, first: Opened, more: Callable[[], Opened]) -> None:
        self._opened = first
        self._left = int(first["connections"])
        self._more = more
        self._one = asyncio.Lock()

    async def password(self) -> Opened:
        """Return a way in for one stream. Raises CommandFault."""
        async with self._one:
            ends = datetime.fromisoformat(self._opened["expires_at"])
            if self._left < 1 or ends < output.now() + _SPARE:
                self._opened = await asyncio.to_thread(self._more)
                self._left = int(self._opened["connections"])
            self._left -= 1
            return self._opened


def run(
    door: Door,
    host: str,
    port: int,
    command: Sequence[str],
    listening: Callable[[str, int], None],
) -> int:
    """Listen until the command ends, or for ever where there is none; return its exit code."""
    return asyncio.run(_run(door, host, port, command, listening))


async def _run(
    door: Door,
    host: str,
    port: int,
    command: Sequence[str],
    listening: Callable[[str, int], None],
) -> int:
    try:
        server = await asyncio.start_server(
            lambda reader, writer: _carry(door, reader, writer), host, port
        )
    except OSError as fault:
        words = f"`{host}:{port}` cannot be listened on: {fault.strerror}"
        raise CommandFault(ExitCode.OUTSIDE, "listen", words) from fault
    at_host, at_port = server.sockets[0].getsockname()[:2]
    async with server:
        if not command:
            listening(at_host, at_port)
            await server.serve_forever()
        line = [word.replace("{host}", at_host).replace("{port}", str(at_port)) for word in command]
        try:
            process = await asyncio.create_subprocess_exec(*line)
        except OSError as fault:
            text = f"`{line[0][:80]}` cannot be run: {fault.strerror}"
            raise CommandFault(ExitCode.USAGE, "command", text) from fault
        return await process.wait()


async def _carry(door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one stream, and say on the terminal why where that cannot be done."""
    outward: asyncio.StreamWriter | None = None
    try:
        inward, outward = await _through(door)
        await asyncio.gather(_pass(reader, outward), _pass(inward, writer))
    except CommandFault as fault:
        output.note(f"refused: {fault.detail}")
    except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as fault:
        output.note(f"a stream ended: {fault}")
    finally:
        for each in (writer, outward):
            if each is not None:
                each.close()


async def _through(door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a stream that the gateway lets through. Raises CommandFault where it does not."""
    opened = await door.password()
    try:
        async with asyncio.timeout(_CONNECTS_WITHIN_S):
            reader, writer = await asyncio.open_connection(
                opened["host"], opened["port"], ssl=_tls(opened), limit=_LONGEST_HEAD
            )
    except TimeoutError:
        raise CommandFault(ExitCode.OUTSIDE, "away", "the gateway did not answer") from None
    try:
        _check_certificate(writer, opened)
        name = f"{opened['user']}:{opened['password']}".encode()
        head = (
            f"CONNECT {opened['address']} HTTP/1.1\r\nHost: {opened['address']}\r\n"
            f"Proxy-Authorization: Basic {b64encode(name).decode()}\r\n"
            "User-Agent: assent tunnel\r\n\r\n"
        )
        writer.write(head.encode())
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).split(None, 2)
        if answer[1:2] != [b"200"]:
            words = (await reader.read(_LONGEST_WORDS)).decode("utf-8", "replace")
            text = "; ".join(words.split("\n")).strip("; ") or "the gateway gave no reason"
            raise CommandFault(ExitCode.DENIED, "refused", text)
    except BaseException:
        writer.close()
        raise
    return reader, writer


def _tls(opened: Opened) -> ssl.SSLContext:
    """Return TLS with the certificate of this device, where the password is bound to one.

    Nobody vouches for a gateway's own certificate: it is compared with what the server says.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if "sslcert" in opened:
        context.load_cert_chain(opened["sslcert"], opened["sslkey"])
    return context


def _check_certificate(writer: asyncio.StreamWriter, opened: Opened) -> None:
    """Raise CommandFault unless the door's certificate is the one that the server named."""
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    if not hmac.compare_digest(sha256(shown).hexdigest(), str(opened["tls_sha256"])):
        words = "the gateway shows another certificate than its server says; nothing was sent"
        raise CommandFault(ExitCode.OUTSIDE, "certificate", words)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, to its end."""
    while data := await reader.read(_AT_ONCE):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()
