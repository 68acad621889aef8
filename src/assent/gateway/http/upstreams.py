"""Connections to targets that speak HTTP: one pool for each, by what its configuration says now."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import hdrs
from yarl import URL

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.web_login import WebLogin
from assent.gateway.client_certificates import show

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CONNECT_S = 10.0
SILENT_S = 300.0
"""How long a target may send nothing while a request is under way; streams of events do."""
_IDLE_S = 30.0
_LONGEST_LINE = 65_536
_MOST_HEADERS = 500
_MOST_AT_ONCE = 512
_AUTOMATIC = frozenset(
    {hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.USER_AGENT, hdrs.CONTENT_TYPE, hdrs.CONNECTION}
)


@dataclass(slots=True, eq=False)
class Upstream:
    """A target and the pool of connections to it. origin, base: see `headers.Place`.

    client: sends again by itself what only reads, where an idle connection turns out to be closed.
    once: sends nothing twice, over the same connections.
    """

    target: Target
    client: aiohttp.ClientSession
    once: aiohttp.ClientSession
    origin: str
    base: str
    certificate: Secret[bytes] | None

    def sender(self, method: str) -> aiohttp.ClientSession:
        """Return what sends a request of this method."""
        return self.client if method in _SAFE else self.once

    async def close(self) -> None:
        """Close all connections."""
        await self.once.close()
        await self.client.close()

    def url(self, path: str) -> URL:
        """Return the address of `/path?query` there, byte for byte."""
        return URL(f"{self.origin}{self.base}{path}", encoded=True)


class Upstreams:
    """Keeps one for each target. login: what the gateway signs in there with."""

    def __init__(self, login: WebLogin) -> None:
        self._login = login
        self._open: dict[TargetId, Upstream] = {}

    async def of(self, target: Target) -> Upstream:
        """Return the pool of a target. Raises OutsideFault or OperatorFault."""
        certificate = await self._login.certificate(target)
        found = self._open.get(target.id)
        if found is not None and _same(found, target, certificate):
            return found
        upstream = _opened(target, certificate)
        self._open[target.id] = upstream
        if found is not None:
            # What is under way ends with it: it goes to where the target is not any more.
            await found.close()
        return upstream

    async def credentials(self, target: Target) -> Mapping[str, Secret[str]]:
        """Return the headers that the gateway signs in with. Raises OutsideFault, OperatorFault."""
        return await self._login.headers(target)

    async def refused(self, target: Target, headers: Mapping[str, Secret[str]]) -> bool:
        """Hear that the target did not take these; return whether it is worth another try."""
        return await self._login.refused(target, headers)

    async def close(self) -> None:
        """Close all of them."""
        for upstream in self._open.values():
            await upstream.close()
        self._open.clear()


def _opened(target: Target, certificate: Secret[bytes] | None) -> Upstream:
    url = URL(str(target.options.get("url", "")))
    tls: ssl.SSLContext | bool = True
    if url.scheme == "https":
        tls = _context(target)
        if certificate is not None:
            show(tls, certificate, f"target `{target.name}`")
    connector = aiohttp.TCPConnector(ssl=tls, limit=_MOST_AT_ONCE, keepalive_timeout=_IDLE_S)
    client, once = _session(connector, owner=True), _session(connector, owner=False)
    # PUT and DELETE would be sent again, too (RFC 9110, section 9.2.2): they are assented to once.
    once._retry_connection = False
    origin, base = str(url.origin()), url.raw_path.rstrip("/")
    return Upstream(target, client, once, origin, base, certificate)


def _session(connector: aiohttp.TCPConnector, *, owner: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=owner,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=_AUTOMATIC,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENT_S),
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
        max_headers=_MOST_HEADERS,
        requote_redirect_url=False,
    )


def _context(target: Target) -> ssl.SSLContext:
    """Return what a target is checked by: the chain and the name, always."""
    try:
        context = ssl.create_default_context(cafile=target.certificate_authority or None)
    except (OSError, ssl.SSLError) as fault:
        words = f"`{target.certificate_authority}` is no usable file of certificates"
        raise OperatorFault("certificate", words, f"target `{target.name}`") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _same(found: Upstream, target: Target, certificate: Secret[bytes] | None) -> bool:
    before = found.target
    place = (before.options.get("url"), before.certificate_authority)
    if place != (target.options.get("url"), target.certificate_authority):
        return False
    if found.certificate is None or certificate is None:
        return found.certificate is certificate
    return found.certificate.reveal() == certificate.reveal()


def away(target: Target, fault: Exception) -> OutsideFault:
    """Return what is said of a target that did not answer. fault: why, which is not shown whole."""
    if isinstance(fault, aiohttp.ClientConnectorCertificateError):
        return OutsideFault(
            "target-certificate", f"`{target.name}` shows a certificate that is not trusted"
        )
    if isinstance(fault, TimeoutError):
        return OutsideFault("target-slow", f"`{target.name}` did not answer in time")
    if isinstance(fault, aiohttp.ClientConnectionError):
        return OutsideFault("target-away", f"`{target.name}` cannot be reached, or hung up")
    return OutsideFault("target-broken", f"`{target.name}` did not answer as HTTP/1.1 says")
