"""What is wrong with a channel is said at the start, and no secret is in what is said."""

from typing import Any

import pytest

from assent.config import parse
from assent.core.faults import OperatorFault
from assent.notifiers.settings import NotifierConfig, check_addresses, split_server

SLACK = {"name": "ops", "kind": "slack", "token": "env:T", "channel": "#dba"}
TEAMS = {"name": "ops", "kind": "teams", "url": "env:U"}
HOOK = {"name": "ops", "kind": "webhook", "url": "https://ops.test/x", "secret": "env:S"}
MAIL = {"name": "ops", "kind": "email", "server": "mail.test:587", "sender": "a@example.org"}


def parsed(*entries: dict[str, Any], **more: Any) -> tuple[NotifierConfig, ...]:
    from pathlib import Path

    return parse({"notifiers": list(entries), **more}, "assent.toml", Path()).notifiers


@pytest.mark.parametrize("entry", [SLACK, TEAMS, HOOK, MAIL], ids=lambda one: one["kind"])
def test_a_channel_of_each_kind_is_read(entry: dict[str, Any]) -> None:
    assert parsed(entry) == (NotifierConfig(**entry),)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**SLACK, "kind": "irc"}, "kind: `irc` is none of `slack`, `teams`, `email`, `webhook`"),
        ({**SLACK, "name": "pages"}, "and not `pages`"),
        ({**SLACK, "name": "a b"}, "must be there once"),
        ({"name": "ops", "kind": "slack", "token": "env:T"}, "needs `channel`"),
        ({**SLACK, "channel": "dba"}, "channel: `dba` is no channel such as `#dba`"),
        ({**SLACK, "api": "http://slack.com/api"}, "would cross the network in the clear"),
        ({**SLACK, "server": "x:1"}, "server: means nothing for a channel of kind `slack`"),
        ({**SLACK, "groups": ["a b"]}, "groups: `a b` is no name of a group"),
        ({**HOOK, "url": "http://ops.test/x"}, "`ops.test` would cross the network in the clear"),
        ({**HOOK, "url": "https://me:word@ops.test/"}, "is no address such as"),
        ({**HOOK, "url": "https://[/"}, "is no address such as"),
        ({**MAIL, "server": "mail.test"}, "server: `mail.test` is not `host:port`"),
        ({**MAIL, "server": "mail.test:99999"}, "is not `host:port`"),
        ({**MAIL, "tls": "none"}, "tls: `none` is none of `starttls`, `implicit`, `off`"),
        ({**MAIL, "tls": "off"}, "mail would cross the network in the clear"),
        ({**MAIL, "username": "me"}, "needs either both `username` and `password`"),
        ({**MAIL, "sender": "me"}, "`me` is no address such as"),
        ({**MAIL, "to": ["a@b.c\nBcc: eve@evil.test"]}, "is no address such as"),
        ({**MAIL, "to": ["a@example.org"] * 101}, "names more than 100 addresses"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        parsed(entry)
    assert words in caught.value.detail


@pytest.mark.parametrize(
    "entry",
    [
        {**SLACK, "token": "xoxb-s3cr3t"},
        {**SLACK, "signing_secret": "xoxb-s3cr3t"},
        {**TEAMS, "url": "https://teams.test/?sig=xoxb-s3cr3t"},
        {**HOOK, "secret": "xoxb-s3cr3t"},
        {**MAIL, "username": "me", "password": "xoxb-s3cr3t"},
    ],
)
def test_a_secret_in_the_file_itself_stops_the_start_and_is_not_repeated(
    entry: dict[str, Any],
) -> None:
    with pytest.raises(OperatorFault, match="must be a reference") as caught:
        parsed(entry)
    assert "s3cr3t" not in caught.value.detail


def test_two_channels_of_one_name_stop_the_start() -> None:
    with pytest.raises(OperatorFault, match="must be there once"):
        parsed(SLACK, HOOK)


def test_more_channels_than_anybody_reads_stop_the_start() -> None:
    with pytest.raises(OperatorFault, match="are more than 50"):
        parsed(*({**HOOK, "name": f"hook-{number}"} for number in range(51)))


def test_ordinary_channels_must_be_there() -> None:
    assert parsed(SLACK, notify={"channels": ["ops"]})
    with pytest.raises(OperatorFault, match="`opps` is the name of none"):
        parsed(SLACK, notify={"channels": ["opps"]})


def test_all_secrets_of_a_channel_are_known_as_references() -> None:
    (slack,) = parsed({**SLACK, "signing_secret": "file:s"})
    (hook,) = parsed({**HOOK, "url": "env:U"})
    assert slack.references == ("env:T", "file:s")
    assert hook.references == ("env:U", "env:S")
    assert parsed(HOOK)[0].references == ("env:S",)


def test_a_mail_server_may_be_an_address() -> None:
    assert parsed({**MAIL, "server": "[::1]:25", "tls": "off"})
    assert split_server("[::1]:25") == ("::1", 25)


@pytest.mark.parametrize(
    ("email", "slack"),
    [("ana", ""), ("a@b\r\nBcc: x@y.z", ""), ("a b@example.org", ""), ("", "ana"), ("", "<!here>")],
)
def test_an_address_of_a_person_that_cannot_be_one_stops_the_start(email: str, slack: str) -> None:
    with pytest.raises(OperatorFault, match="is no"):
        check_addresses(email, slack, "[[people]] ana")
