"""The other ends of channels, on loopback: what they take they check, and they can go wrong.

They are neither Slack nor Teams: what is tested against them is our reading of the documentation.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

Reply = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True)
class Taken:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpPeer:
    """Answers POSTs with `answer`; keeps what came. hangs: it never answers."""

    url: str = ""
    taken: list[Taken] = field(default_factory=list)
    answer: Callable[[Taken], Reply] = lambda taken: (200, {}, b"")
    hangs: bool = False

    def say(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Answer everything like this from now on."""
        self.answer = lambda taken: (status, headers or {}, body)


@asynccontextmanager
async def http_peer() -> AsyncIterator[HttpPeer]:
    """Run one on a free port while the block lasts."""
    peer = HttpPeer()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            path = line.decode().split(" ")[1]
            headers: dict[str, str] = {}
            while (header := (await reader.readline()).decode().strip()) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            taken = Taken(path, headers, body)
            peer.taken.append(taken)
            if peer.hangs:
                await reader.read()
                return
            status, more, data = peer.answer(taken)
            said = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            head = f"HTTP/1.1 {status} Said\r\n{said}content-length: {len(data)}\r\n\r\n"
            writer.write(head.encode() + data)
            await writer.drain()

    async with _serving(talk, None) as port:
        peer.url = f"http://127.0.0.1:{port}"
        yield peer


@asynccontextmanager
async def _serving(talk: Any, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Serve on a free port; whoever still talks at the end is cut."""
    talking: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            talking.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(talking):
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


class FakeSlack:
    """A workspace with one channel: checks tokens and blocks, and keeps the messages.

    error: what it answers everything with, if anything.
    """

    def __init__(self, peer: HttpPeer, token: str, channel: str = "#dba") -> None:
        self.peer = peer
        self.token = token
        self.channel = channel
        self.messages: dict[str, dict[str, Any]] = {}
        self.replies: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.error = ""
        peer.answer = self.answer

    def answer(self, taken: Taken) -> Reply:
        said = json.dumps(self._said(taken)).encode()
        return 200, {"content-type": "application/json; charset=utf-8"}, said

    def _said(self, taken: Taken) -> dict[str, Any]:
        method = taken.path.rpartition("/")[2]
        self.calls.append(method)
        if taken.headers.get("authorization") != f"Bearer {self.token}":
            return {"ok": False, "error": "invalid_auth"}
        if self.error:
            return {"ok": False, "error": self.error}
        message = taken.json
        if "blocks" in message and (wrong := wrong_blocks(message["blocks"])):
            return {"ok": False, "error": "invalid_blocks", "why": wrong}
        if method == "chat.update":
            if message["channel"] != "C1" or message["ts"] not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            self.messages[message["ts"]] = message
            return {"ok": True, "channel": "C1", "ts": message["ts"]}
        if method != "chat.postMessage":
            return {"ok": False, "error": "unknown_method"}
        if "thread_ts" in message:
            self.replies.append(message)
            return {"ok": True, "channel": "C1", "ts": "9.9"}
        if message["channel"] != self.channel:
            return {"ok": False, "error": "channel_not_found"}
        ts = f"{1_700_000_000 + len(self.messages)}.000100"
        self.messages[ts] = message
        return {"ok": True, "channel": "C1", "ts": ts}


def wrong_blocks(blocks: list[dict[str, Any]]) -> str:
    """Return what Slack's documentation says is wrong with these blocks, empty for nothing."""
    if not 0 < len(blocks) <= 50:
        return "1 to 50 blocks"
    for block in blocks:
        match block["type"]:
            case "header":
                texts, most = [block["text"]], 150
                if block["text"]["type"] != "plain_text":
                    return "a header is plain text"
            case "section":
                texts, most = block["fields"], 2000
                if not 0 < len(texts) <= 10:
                    return "1 to 10 fields"
            case "context":
                texts, most = block["elements"], 2000
                if not 0 < len(texts) <= 10:
                    return "1 to 10 elements"
            case "actions":
                ids = [button["action_id"] for button in block["elements"]]
                if len(set(ids)) != len(ids) or not 0 < len(ids) <= 25:
                    return "action ids are there once"
                if any(len(one.get("value", "")) > 2000 for one in block["elements"]):
                    return "a value has up to 2000 characters"
                texts, most = [button["text"] for button in block["elements"]], 75
            case other:
                return f"no block is a {other}"
        for text in texts:
            if text["type"] not in ("plain_text", "mrkdwn") or not 0 < len(text["text"]) <= most:
                return f"a text of {len(text['text'])} where {most} may be"
            if "verbatim" in text and text["type"] != "mrkdwn":
                return "only mrkdwn is verbatim"
    return ""


def slack_texts(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all text objects in these blocks."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        found += [block["text"]] if "text" in block else []
        found += block.get("fields", [])
        for element in block.get("elements", []):
            found.append(element["text"] if element["type"] == "button" else element)
    return found


def webhook_is_signed(taken: Taken, secret: str) -> bool:
    """Return whether a receiver that follows Standard Webhooks would take this."""
    headers = taken.headers
    content = b".".join(
        (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), taken.body)
    )
    key = base64.b64decode(secret[len("whsec_") :])
    mac = hmac.digest(key, content, hashlib.sha256)
    return f"v1,{base64.b64encode(mac).decode()}" in headers["webhook-signature"].split(" ")


@dataclass
class MailPeer:
    """Takes mail. says: verb → what it answers instead of taking it. hangs: it never greets.

    silent_at: the verb that it answers nothing to.
    """

    port: int = 0
    mails: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    said_in_clear: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    offers_tls: bool = True
    hangs: bool = False
    silent_at: str = ""


@asynccontextmanager
async def mail_peer(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False
) -> AsyncIterator[MailPeer]:
    """Run a mail server on a free port while the block lasts."""
    peer = MailPeer(offers_tls=tls is not None and not implicit)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if peer.hangs:
            await reader.read()
            return
        sender, recipients, clear = "", [], not implicit
        _line(writer, "220 mail.test")
        while line := await reader.readline():
            text = line.decode().strip()
            verb = text.split(" ")[0].upper()
            if clear:
                peer.said_in_clear.append(text)
            if verb == peer.silent_at:
                await reader.read()
                return
            if verb in peer.says:
                _line(writer, peer.says[verb])
            elif verb == "EHLO":
                more = "250-STARTTLS\r\n" if peer.offers_tls and clear else ""
                _line(writer, f"250-mail.test\r\n{more}250-AUTH PLAIN\r\n250 8BITMIME")
            elif verb == "STARTTLS":
                _line(writer, "220 go on")
                await writer.start_tls(tls)  # type: ignore[arg-type]
                clear = False
            elif verb == "AUTH":
                peer.logins.append(base64.b64decode(text.split(" ")[2]).decode())
                _line(writer, "235 welcome")
            elif verb == "MAIL":
                sender, recipients = _address(text), []
                _line(writer, "250 ok")
            elif verb == "RCPT":
                refused = peer.says.get(f"RCPT {_address(text)}")
                recipients += [] if refused else [_address(text)]
                _line(writer, refused or "250 ok")
            elif verb == "DATA":
                _line(writer, "354 go on")
                data = await reader.readuntil(b"\r\n.\r\n")
                peer.raw.append(data)
                message = message_from_bytes(data[:-3], policy=policy.default)
                assert isinstance(message, EmailMessage)
                peer.mails.append((sender, recipients, message))
                _line(writer, peer.says.get("END", "250 taken"))
            elif verb == "QUIT":
                _line(writer, "221 bye")
                return
            else:
                _line(writer, "250 ok")

    async with _serving(talk, tls if implicit else None) as port:
        peer.port = port
        yield peer


def _line(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(f"{text}\r\n".encode())


def _address(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]


def host_of(url: str) -> str:
    return urlsplit(url).netloc
