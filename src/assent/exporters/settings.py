"""What the configuration says of systems that the log is exported to, and what is wrong with it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from assent.audit.syslog_lines import EXAMPLE_ENTERPRISE
from assent.core.entry import EntryKind
from assent.core.faults import OperatorFault

KINDS = ("jsonl", "cloudevents", "otlp", "syslog")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REFERENCES = ("file:", "env:")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_SERVER = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})", re.ASCII)
_MOST = 16
_LARGEST_ENTERPRISE = 2**32 - 1

_ANY = frozenset({"name", "kind", "kinds", "names", "text"})
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "jsonl": ("path",),
    "cloudevents": ("url", "secret"),
    "otlp": ("url",),
    "syslog": ("server",),
}
_KNOWN: Mapping[str, frozenset[str]] = {
    "jsonl": frozenset({"path"}),
    "cloudevents": frozenset({"url", "secret", "batch", "certificate_authority"}),
    "otlp": frozenset({"url", "token", "header", "certificate_authority"}),
    "syslog": frozenset(
        {"server", "certificate_authority", "certificate", "key", "host", "enterprise", "confirmed"}
    ),
}


@dataclass(frozen=True, slots=True)
class ExporterConfig:
    """`[[exporters]]`: a system that hears what the log says, as it grows, as OCSF events.

    name: what it is called; how far it has come is kept under that name. kind: `jsonl`,
    `cloudevents`, `otlp` or `syslog`. kinds: of entries that it hears of, such as `decision`; all
    by default. names: also say what people, targets and tables are called, and addresses; else ids
    only. text: also say statements, reasons and comments, which cannot be erased there. path: of
    the file that lines are appended to, relative to this one. url: that is posted to; for OTLP with
    its `/v1/logs`. secret: a reference (`file:…`, `env:…`) to what CloudEvents are
    signed with, 24 characters or more. batch: several CloudEvents in one message. token: a
    reference to what an OTLP collector knows us by. header: in which it is sent, instead of
    `authorization: Bearer …`. server: `host:port` of a syslog receiver that speaks TLS.
    certificate_authority: PEM file, if its certificate is your own. certificate, key: PEM files
    by which the receiver knows us. host: what we are called in syslog messages. enterprise: your
    private enterprise number, for their structured data. confirmed: send again what a receiver did
    not confirm by ending TLS in good order, as it must; `false` for one that never does.
    """

    name: str
    kind: str
    kinds: tuple[str, ...] = ()
    names: bool = True
    text: bool = False
    path: str = ""
    url: str = ""
    secret: str = ""
    batch: bool = False
    token: str = ""
    header: str = ""
    server: str = ""
    certificate_authority: str = ""
    certificate: str = ""
    key: str = ""
    host: str = ""
    enterprise: int = EXAMPLE_ENTERPRISE
    confirmed: bool = True

    @property
    def references(self) -> tuple[str, ...]:
        """Return the references to secrets that it names."""
        return tuple(one for one in (self.secret, self.token) if one)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the PEM files that it names."""
        found = (self.certificate_authority, self.certificate, self.key)
        return tuple(one for one in found if one)


def check_exporters(entries: Sequence[ExporterConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the entries."""
    if len(entries) > _MOST:
        raise _wrong(f"are more than {_MOST}", place)
    for name, times in Counter(entry.name for entry in entries).items():
        if times > 1 or not _NAME.fullmatch(name):
            words = f"`{name[:80]}` must be there once, and be 1 to 63 of letters, digits, `.-_`"
            raise _wrong(words, f"{place} name")
    for entry in entries:
        where = f"{place} {entry.name}"
        _check_keys(entry, where)
        for key in ("secret", "token"):
            if getattr(entry, key) and not getattr(entry, key).startswith(_REFERENCES):
                # Without its text: it may be the secret itself.
                raise _wrong("must be a reference: `file:PATH` or `env:NAME`", f"{where} {key}")
        for kind in entry.kinds:
            if kind not in set(EntryKind):
                raise _wrong(f"`{kind[:80]}` is no kind of entry", f"{where} kinds")
        if entry.url:
            _check_url(entry.url, f"{where} url")
        if entry.server:
            _check_server(entry, where)


def split_server(text: str) -> tuple[str, int]:
    """Return host and port of a server that was checked."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _check_keys(entry: ExporterConfig, where: str) -> None:
    if entry.kind not in KINDS:
        words = ", ".join(f"`{kind}`" for kind in KINDS)
        raise _wrong(f"`{entry.kind[:80]}` is none of {words}", f"{where} kind")
    for key in _NEEDED[entry.kind]:
        if not getattr(entry, key):
            words = f"an exporter of kind `{entry.kind}` needs `{key}`"
            raise OperatorFault("config-missing-key", words, where)
    for item in fields(entry):
        if item.name not in _ANY | _KNOWN[entry.kind] and getattr(entry, item.name) != item.default:
            words = f"means nothing for an exporter of kind `{entry.kind}`"
            raise _wrong(words, f"{where} {item.name}")
    if entry.header and not entry.token:
        raise _wrong("is for a `token`; name that as well", f"{where} header")
    if entry.header and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", entry.header):
        raise _wrong(f"`{entry.header[:80]}` is no name of a header", f"{where} header")


def _check_url(text: str, place: str) -> None:
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _wrong("is no address such as `https://siem.example.org/in`", place) from None
    if url.scheme not in ("http", "https") or not host or url.username or url.fragment:
        raise _wrong("is no address such as `https://siem.example.org/in`", place)
    if url.scheme == "http" and host not in _LOOPBACK:
        words = f"what is sent to `{host[:80]}` would cross the network in the clear; "
        raise _wrong(f"{words}write `https://`", place)


def _check_server(entry: ExporterConfig, where: str) -> None:
    server = _SERVER.fullmatch(entry.server)
    if server is None or not 0 < int(server[1]) <= 65535:
        words = f"`{entry.server[:80]}` is not `host:port`, such as `siem.example.org:6514`"
        raise _wrong(words, f"{where} server")
    if bool(entry.certificate) != bool(entry.key):
        raise _wrong("needs either both `certificate` and `key`, or neither", where)
    if not 0 < entry.enterprise <= _LARGEST_ENTERPRISE:
        words = f"{entry.enterprise} is no private enterprise number, such as 32473"
        raise _wrong(words, f"{where} enterprise")


def _wrong(words: str, place: str) -> OperatorFault:
    return OperatorFault("config-value", words, place)
