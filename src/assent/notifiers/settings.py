"""What the configuration says of channels, and what is wrong with it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from assent.core.faults import OperatorFault

KINDS = ("slack", "teams", "email", "webhook")
TLS = ("starttls", "implicit", "off")
SLACK_API = "https://slack.com/api"
_REFERENCES = ("file:", "env:")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250})")
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)
_CHANNEL = re.compile(r"#[^\s#<>&|]{1,80}|[CGDUW][A-Z0-9]{2,20}")
_SERVER = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):([0-9]{1,5})", re.ASCII)
_MOST = 50
_MOST_ADDRESSES = 100

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "slack": ("token", "channel"),
    "teams": ("url",),
    "email": ("server", "sender"),
    "webhook": ("url", "secret"),
}
_KNOWN: Mapping[str, frozenset[str]] = {
    "slack": frozenset({"token", "channel", "signing_secret", "api"}),
    "teams": frozenset({"url"}),
    "email": frozenset(
        {"server", "sender", "to", "username", "password", "tls", "certificate_authority"}
    ),
    "webhook": frozenset({"url", "secret"}),
}
_ANY = frozenset({"name", "kind", "groups"})


@dataclass(frozen=True, slots=True)
class NotifierConfig:
    """`[[notifiers]]`: a channel by which people hear what waits for them and what became of it.

    name: what it is called in deliveries and in `[notify]`. kind: `slack`, `teams`, `email` or
    `webhook`. groups: it tells only people of these groups; loud notices it always takes. url: of
    a webhook, or a reference to it (`file:…`, `env:…`); for Teams always a reference, since
    whoever has it can post. secret: a reference to what a webhook's messages are signed with, 24
    characters or more. token: a reference to the bot token of a Slack app. channel: of Slack, such
    as `#dba`. signing_secret: a reference to that of the Slack app; with it, messages have buttons.
    api: of Slack, if it is not `https://slack.com/api`. server: `host:port` that mail is handed to.
    sender: whom mail is from. to: addresses that get mail of what is loud or for nobody in
    particular. username, password: for the mail server, the password as a reference. tls:
    `starttls`, `implicit`, or, for a server on this machine only, `off`; certificates are always
    verified. certificate_authority: PEM file, if the mail server's certificate is your own.
    """

    name: str
    kind: str
    groups: tuple[str, ...] = ()
    url: str = ""
    secret: str = ""
    token: str = ""
    channel: str = ""
    signing_secret: str = ""
    api: str = SLACK_API
    server: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    username: str = ""
    password: str = ""
    tls: str = "starttls"
    certificate_authority: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        """Return the references to secrets that it names."""
        found = (self.secret, self.token, self.signing_secret, self.password)
        url = (self.url,) if is_reference(self.url) else ()
        return (*url, *(one for one in found if one))


def is_reference(text: str) -> bool:
    """Return whether a text says where a secret is, and not what it is."""
    return text.startswith(_REFERENCES)


def check_notifiers(entries: Sequence[NotifierConfig], place: str) -> None:
    """Raise OperatorFault for the first thing that is wrong with the entries."""
    if len(entries) > _MOST:
        raise _wrong(f"are more than {_MOST}", place)
    for name, times in Counter(entry.name for entry in entries).items():
        # `pages` is the channel of those who have a page open.
        if times > 1 or name == "pages" or not _NAME.fullmatch(name):
            words = f"`{name[:80]}` must be there once, and be 1 to 63 of letters, digits, `.-_@`"
            raise _wrong(f"{words}, and not `pages`", f"{place} name")
    for entry in entries:
        where = f"{place} {entry.name}"
        _check_keys(entry, where)
        for key in ("secret", "token", "signing_secret", "password"):
            if getattr(entry, key) and not is_reference(getattr(entry, key)):
                # Without its text: it may be the secret itself.
                raise _wrong("must be a reference: `file:PATH` or `env:NAME`", f"{where} {key}")
        for group in entry.groups:
            if not _NAME.fullmatch(group):
                raise _wrong(f"`{group[:80]}` is no name of a group", f"{where} groups")
        _CHECKS[entry.kind](entry, where)


def check_channels(named: Sequence[str], entries: Sequence[NotifierConfig], place: str) -> None:
    """Raise OperatorFault where `[notify] channels` names one that there is not."""
    known = {entry.name for entry in entries}
    for name in named:
        if name not in known:
            words = f"`{name[:80]}` is the name of none of the `[[notifiers]]`"
            raise _wrong(words, place)


def check_addresses(email: str, slack: str, place: str) -> None:
    """Raise OperatorFault for an address of a person that cannot be one."""
    if email and not _MAIL.fullmatch(email):
        raise _wrong(f"`{email[:80]}` is no address such as `ana@example.org`", f"{place} email")
    if slack and not _MEMBER.fullmatch(slack):
        words = f"`{slack[:80]}` is no member id of Slack, such as `U024BE7LH`"
        raise _wrong(words, f"{place} slack")


def check_url(text: str, place: str) -> None:
    """Raise OperatorFault for what cannot be posted to; never repeats more than its host."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise _wrong("is no address such as `https://ops.example.org/assent`", place) from None
    if url.scheme not in ("http", "https") or not host or url.username or url.fragment:
        raise _wrong("is no address such as `https://ops.example.org/assent`", place)
    if url.scheme == "http" and host not in _LOOPBACK:
        words = f"what is sent to `{host[:80]}` would cross the network in the clear; "
        raise _wrong(f"{words}write `https://`", place)


def split_server(text: str) -> tuple[str, int]:
    """Return host and port of a server that was checked."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _check_keys(entry: NotifierConfig, where: str) -> None:
    if entry.kind not in KINDS:
        words = ", ".join(f"`{kind}`" for kind in KINDS)
        raise _wrong(f"`{entry.kind[:80]}` is none of {words}", f"{where} kind")
    for key in _NEEDED[entry.kind]:
        if not getattr(entry, key):
            raise _wrong(f"a channel of kind `{entry.kind}` needs `{key}`", where)
    for item in fields(entry):
        said = getattr(entry, item.name) not in ((), item.default)
        if said and item.name not in _ANY | _KNOWN[entry.kind]:
            words = f"means nothing for a channel of kind `{entry.kind}`"
            raise _wrong(words, f"{where} {item.name}")


def _check_slack(entry: NotifierConfig, where: str) -> None:
    if not _CHANNEL.fullmatch(entry.channel):
        words = f"`{entry.channel[:80]}` is no channel such as `#dba` or `C024BE91L`"
        raise _wrong(words, f"{where} channel")
    check_url(entry.api, f"{where} api")


def _check_teams(entry: NotifierConfig, where: str) -> None:
    if not is_reference(entry.url):
        # Without its text: whoever has it can post.
        raise _wrong("must be a reference: `file:PATH` or `env:NAME`", f"{where} url")


def _check_email(entry: NotifierConfig, where: str) -> None:
    server = _SERVER.fullmatch(entry.server)
    if server is None or not 0 < int(server[1]) <= 65535:
        raise _wrong(f"`{entry.server[:80]}` is not `host:port`", f"{where} server")
    if entry.tls not in TLS:
        words = ", ".join(f"`{item}`" for item in TLS)
        raise _wrong(f"`{entry.tls[:80]}` is none of {words}", f"{where} tls")
    if entry.tls == "off" and split_server(entry.server)[0] not in _LOOPBACK:
        words = "mail would cross the network in the clear; write `starttls` or `implicit`"
        raise _wrong(words, f"{where} tls")
    if bool(entry.username) != bool(entry.password):
        raise _wrong("needs either both `username` and `password`, or neither", where)
    if len(entry.to) > _MOST_ADDRESSES:
        raise _wrong(f"names more than {_MOST_ADDRESSES} addresses", f"{where} to")
    for key, address in (("sender", entry.sender), *(("to", one) for one in entry.to)):
        check_addresses(address, "", f"{where} {key}")


def _check_webhook(entry: NotifierConfig, where: str) -> None:
    if not is_reference(entry.url):
        check_url(entry.url, f"{where} url")


_CHECKS = {
    "slack": _check_slack,
    "teams": _check_teams,
    "email": _check_email,
    "webhook": _check_webhook,
}


def _wrong(words: str, place: str) -> OperatorFault:
    return OperatorFault("config-value", words, place)
