"""What the configuration says of witnesses and anchors, and what is wrong with it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from urllib.parse import urlsplit

from assent.audit.cosignature import CosignatureVerifier, parse_cosigner
from assent.core.faults import OperatorFault

KINDS = ("file", "object-lock", "git", "timestamp")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REFERENCES = ("file:", "env:", "vault:")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9][A-Za-z0-9_-]*)*", re.ASCII)
_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_MOST = 32

_ANY = frozenset({"name", "kind", "every"})
_KNOWN: Mapping[str, frozenset[str]] = {
    "file": frozenset({"path"}),
    "object-lock": frozenset(
        {"bucket", "prefix", "retain", "endpoint", "region", "access_key", "secret_key"}
    ),
    "git": frozenset({"path", "branch", "remote"}),
    "timestamp": frozenset({"url", "certificate_authority"}),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "file": ("path",),
    "object-lock": ("bucket",),
    "git": ("path",),
    "timestamp": ("url", "certificate_authority"),
}


@dataclass(frozen=True, slots=True)
class WitnessConfig:
    """`[[audit.witnesses]]`: somebody outside who signs that the log only ever grew.

    key: its public key, as `assent witness init` prints it. url: where it is asked.
    """

    key: str
    url: str

    @property
    def verifier(self) -> CosignatureVerifier:
        """Its public key. Raises ValueError."""
        return parse_cosigner(self.key)


@dataclass(frozen=True, slots=True)
class AnchorConfig:
    """`[[audit.anchors]]`: a place where nobody here can take a checkpoint back.

    name: what it is called. kind: `file`, `object-lock`, `git` or `timestamp`. every: how often,
    such as `1h`. path: of the file that lines are appended to, or of the git repository; relative
    to this file. branch: of the repository. remote: that it is pushed to, such as `origin`.
    bucket: with object lock, of a store that speaks S3. prefix: of the objects' names. retain: how
    long nobody can delete them, such as `400d`. endpoint, region: of the store; by default those
    of AWS. access_key, secret_key: references (`file:…`, `env:…`); by default what the machine
    has. url: of a time stamping authority (RFC 3161). certificate_authority: PEM file of the one
    that vouches for it.
    """

    name: str
    kind: str
    every: str = "1h"
    path: str = ""
    branch: str = "assent-checkpoints"
    remote: str = ""
    bucket: str = ""
    prefix: str = "checkpoints/"
    retain: str = "400d"
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    url: str = ""
    certificate_authority: str = ""


def span(text: str, least: timedelta, place: str) -> timedelta:
    """Return a span of time such as `10s`, `1h` or `400d`. Raises OperatorFault."""
    found = _SPAN.fullmatch(text)
    value = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if value < least:
        words = f"`{text[:80]}` is no time such as `10s`, `1h` or `400d`, of at least {least}"
        raise OperatorFault("config-value", words, place)
    return value


def check_witnesses(entries: Sequence[WitnessConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the witnesses."""
    _check_count(entries, place)
    names: list[str] = []
    for number, entry in enumerate(entries, 1):
        try:
            names.append(entry.verifier.name)
        except ValueError as cause:
            raise OperatorFault("config-value", str(cause), f"{place} {number} key") from cause
        # What crosses is signed and public; still, the address must be one.
        check_address(entry.url, f"{place} {number} url")
    for name, times in Counter(names).items():
        if times > 1:
            raise OperatorFault("config-duplicate", f"`{name[:80]}` is there twice", place)


def check_anchors(entries: Sequence[AnchorConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the anchors."""
    _check_count(entries, place)
    for name, times in Counter(entry.name for entry in entries).items():
        if times > 1 or not _NAME.fullmatch(name):
            words = f"`{name[:80]}` must be there once, and be 1 to 63 of letters, digits, `.-_`"
            raise OperatorFault("config-value", words, f"{place} name")
    for entry in entries:
        _check_anchor(entry, f"{place} {entry.name}")


def check_address(text: str, place: str) -> None:
    """Raise OperatorFault for what is no address of a web server."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        url, host = urlsplit(""), None
    good = url.scheme in ("http", "https") and host and not url.username
    if not good or url.query or url.fragment:
        words = f"`{text[:80]}` is no address such as `https://witness.example`"
        raise OperatorFault("config-value", words, place)


def _check_anchor(entry: AnchorConfig, place: str) -> None:
    if entry.kind not in KINDS:
        known = ", ".join(f"`{kind}`" for kind in KINDS)
        words = f"`{entry.kind[:80]}` is none of {known}"
        raise OperatorFault("config-value", words, f"{place} kind")
    for item in fields(AnchorConfig):
        if item.name in _NEEDED[entry.kind] and not getattr(entry, item.name):
            words = f"an anchor of kind `{entry.kind}` needs `{item.name}`"
            raise OperatorFault("config-missing-key", words, place)
        if item.name not in _KNOWN[entry.kind] | _ANY and getattr(entry, item.name) != item.default:
            words = f"an anchor of kind `{entry.kind}` has no `{item.name}`"
            raise OperatorFault("config-unknown-key", words, place)
    span(entry.every, timedelta(seconds=1), f"{place} every")
    span(entry.retain, timedelta(days=1), f"{place} retain")
    for key in ("access_key", "secret_key"):
        if getattr(entry, key) and not getattr(entry, key).startswith(_REFERENCES):
            # Without its text: it may be the secret itself.
            words = "must be a reference: `file:PATH` or `env:NAME`"
            raise OperatorFault("config-reference", words, f"{place} {key}")
    if bool(entry.access_key) != bool(entry.secret_key):
        words = "`access_key` and `secret_key` go together"
        raise OperatorFault("config-missing-key", words, place)
    _check_places(entry, place)


def _check_places(entry: AnchorConfig, place: str) -> None:
    for key in ("url", "endpoint"):
        if getattr(entry, key):
            check_address(getattr(entry, key), f"{place} {key}")
    if entry.endpoint.startswith("http://") and urlsplit(entry.endpoint).hostname not in _LOOPBACK:
        words = "would cross the network in the clear; write `https://`"
        raise OperatorFault("config-value", words, f"{place} endpoint")
    if not _BRANCH.fullmatch(entry.branch):
        raise OperatorFault(
            "config-value", f"`{entry.branch[:80]}` is no branch", f"{place} branch"
        )
    if entry.remote and not _REMOTE.fullmatch(entry.remote):
        words = f"`{entry.remote[:80]}` is no name of a remote, such as `origin`"
        raise OperatorFault("config-value", words, f"{place} remote")


def _check_count(entries: Sequence[object], place: str) -> None:
    if len(entries) > _MOST:
        raise OperatorFault("config-value", f"are more than {_MOST}", place)
