"""Whether a target says what its protocol needs, and nothing that belongs to another one."""

import base64
import re
from urllib.parse import urlsplit

from assent.config.protocols.http import HttpConfig, HttpTargetConfig
from assent.config.protocols.mcp import McpTargetConfig
from assent.config.protocols.ssh import SshTargetConfig
from assent.config.sections import TargetConfig
from assent.config.values import one_of
from assent.core.faults import OperatorFault
from assent.policy.sizes import parse_size

PROTOCOLS = ("postgres", "ssh", "http", "mcp", "tcp")
_TABLES = {"ssh": SshTargetConfig(), "http": HttpTargetConfig(), "mcp": McpTargetConfig()}
_LOGINS = ("none", "bearer", "basic", "header", "oauth", "certificate")
_MOST = 100
_DOMAIN = re.compile(r"(?=.{1,200}\Z)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*", re.ASCII)


def check_protocol(target: TargetConfig, where: str) -> None:
    """Raise OperatorFault for a target that could not be reached, as it is written."""
    one_of(target.protocol, PROTOCOLS, f"{where} protocol")
    for name, usual in _TABLES.items():
        if name != target.protocol and getattr(target, name) != usual:
            words = f'means nothing without `protocol = "{name}"`'
            raise OperatorFault("config-value", words, f"{where} {name}")
    if target.protocol in ("postgres", "ssh", "tcp"):
        _needs(target, "host", where)
    if target.protocol == "postgres":
        _needs(target, "user", where)
        _needs(target, "password", where)
    elif target.broker != "static":
        words = 'means nothing without `protocol = "postgres"`'
        raise OperatorFault("config-value", words, f"{where} broker")
    if target.protocol == "ssh":
        _check_ssh(target, where)
    elif target.protocol == "http":
        _check_http(target, where)
    elif target.protocol == "mcp":
        _check_mcp(target, where)


def check_http_door(door: HttpConfig, where: str) -> None:
    """Raise OperatorFault for a door that browsers would not find."""
    if door.key and not door.certificate:
        words = "is the key of no certificate; name `certificate` as well"
        raise OperatorFault("config-value", words, f"{where} key")
    if door.public_url:
        _check_url(door.public_url, f"{where} public_url")
        if urlsplit(door.public_url).path.strip("/"):
            words = "has no path: it is what stands behind the names of targets"
            raise OperatorFault("config-value", words, f"{where} public_url")
    if not _DOMAIN.fullmatch(door.domain):
        words = f"`{door.domain[:80]}` is no domain such as `apps.example.org`"
        raise OperatorFault("config-value", words, f"{where} domain")


def _needs(target: TargetConfig, key: str, where: str) -> None:
    if not getattr(target, key):
        raise OperatorFault("config-missing-key", f"needs the key `{key}`", where)


def _check_ssh(target: TargetConfig, where: str) -> None:
    _needs(target, "user", where)
    one_of(target.ssh.login, ("certificate", "key"), f"{where} ssh.login")
    one_of(target.ssh.lines, ("seen", "all", "off"), f"{where} ssh.lines")
    if target.ssh.login == "key":
        _needs(target, "password", where)
    if not target.ssh.host_keys:
        words = "needs the server's keys, as `ssh-keyscan HOST` prints them, without the host name"
        raise OperatorFault("config-missing-key", words, f"{where} ssh.host_keys")
    for key in target.ssh.host_keys:
        if not _is_public_key(key):
            words = f"`{key[:80]}` is no public key such as `ssh-ed25519 AAAA…`"
            raise OperatorFault("config-value", words, f"{where} ssh.host_keys")


def _is_public_key(text: str) -> bool:
    """Return whether it is a kind and its key in base64, which says that kind (RFC 4253, 6.6)."""
    kind, _, encoded = text.partition(" ")
    try:
        blob = base64.b64decode(encoded.split(" ")[0], validate=True)
    except ValueError:
        return False
    return bool(kind) and blob[4 : 4 + int.from_bytes(blob[:4], "big")] == kind.encode()


def _check_http(target: TargetConfig, where: str) -> None:
    _check_url(target.http.url, f"{where} http.url")
    _check_login(target, target.http, f"{where} http")
    if target.http.routes:
        from assent.protocols.http.routes import Routes

        Routes(target.http.routes, place=f"{where} http.routes")


def _check_login(
    target: TargetConfig, said: HttpTargetConfig | McpTargetConfig, where: str
) -> None:
    kind, _, name = said.login.partition(":")
    one_of(kind, _LOGINS, f"{where}.login")
    if (kind == "header") != bool(name):
        words = "names a header, and nothing else does: `header:X-Api-Key`"
        raise OperatorFault("config-value", words, f"{where}.login")
    if kind != "none":
        _needs(target, "password", where)
    if kind in ("basic", "oauth"):
        _needs(target, "user", where)
    if kind == "oauth":
        _check_url(said.token_url, f"{where}.token_url")
    elif said.token_url or said.scope:
        raise OperatorFault("config-value", 'means nothing without `login = "oauth"`', where)


def _check_mcp(target: TargetConfig, where: str) -> None:
    mcp = target.mcp
    if bool(mcp.url) == bool(mcp.command):
        words = "needs either `url` or `command`"
        raise OperatorFault("config-value", words, f"{where} mcp")
    if mcp.url:
        _check_url(mcp.url, f"{where} mcp.url")
    elif mcp.login != "none":
        words = "means nothing for a program; give it what it needs in `environment`"
        raise OperatorFault("config-value", words, f"{where} mcp.login")
    _check_login(target, mcp, f"{where} mcp")
    for variable in mcp.environment:
        if not variable.partition("=")[0].isidentifier() or "=" not in variable:
            words = f"`{variable[:80]}` is not `NAME=value`"
            raise OperatorFault("config-value", words, f"{where} mcp.environment")
    try:
        parse_size(mcp.max_result)
    except ValueError as fault:
        raise OperatorFault("config-value", str(fault), f"{where} mcp.max_result") from fault


def _check_url(text: str, place: str) -> None:
    try:
        url = urlsplit(text)
        good = url.scheme in ("http", "https") and bool(url.hostname)
        good = good and not (url.query or url.fragment or url.username) and url.port != 0
    except ValueError:
        good = False
    if not good or len(text) > 2_000:
        words = f"`{text[:80]}` is no address such as `https://orders.internal:8443/api`"
        raise OperatorFault("config-value", words, place)
