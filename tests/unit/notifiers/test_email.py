"""Mail goes by TLS that was verified, to those whose address is known, or says why not."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.notifiers.email import Email, MailServer
from certificate_authority import Authority, Signed
from channel_notices import BEN, BOOK, DORA, HOSTILE, a_notice, revealing
from channel_peers import MailPeer, mail_peer


@pytest.fixture
async def peer() -> AsyncIterator[MailPeer]:
    async with mail_peer() as peer:
        yield peer


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def served(signed: Signed) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    return context


def an_email(
    peer: MailPeer, others: tuple[str, ...] = (), *, within_s: float = 2.0, **server: Any
) -> Email:
    return Email(
        "ops",
        MailServer("127.0.0.1", peer.port, **{"tls": "off", **server}),
        "assent@example.org",
        others,
        reveal=revealing(WORD="the-pass-word"),
        addresses=BOOK,
        within_s=within_s,
    )


async def test_a_notice_goes_to_those_whose_address_is_known(peer: MailPeer) -> None:
    reference = await an_email(peer).send(a_notice(), (BEN, DORA, BEN), "")
    ((sender, recipients, message),) = peer.mails
    assert (sender, recipients) == ("assent@example.org", ["ben@example.org"])
    assert message["Message-ID"] == reference


async def test_nobody_s_notice_opens_no_connection(peer: MailPeer) -> None:
    assert await an_email(peer, ("sec@example.org",)).send(a_notice(), (DORA,), "") == ""
    assert peer.said_in_clear == []


async def test_what_is_loud_or_for_nobody_in_particular_goes_to_others_too(peer: MailPeer) -> None:
    email = an_email(peer, ("sec@example.org",))
    await email.send(a_notice(loud=True), (BEN,), "")
    await email.send(a_notice(to=()), (), "")
    assert [recipients for _, recipients, _ in peer.mails] == [
        ["ben@example.org", "sec@example.org"],
        ["sec@example.org"],
    ]


async def test_a_later_message_refers_to_the_one_before(peer: MailPeer) -> None:
    email = an_email(peer)
    first = await email.send(a_notice(), (BEN,), "")
    await email.send(a_notice("request.settled", id="ntc_2"), (BEN,), first)
    assert peer.mails[1][2]["In-Reply-To"] == first


async def test_hostile_texts_end_no_message_and_no_header(peer: MailPeer) -> None:
    await an_email(peer).send(a_notice(headline=HOSTILE, lines=(HOSTILE, ".")), (BEN,), "")
    ((_, recipients, message),) = peer.mails
    assert recipients == ["ben@example.org"]
    assert message["Bcc"] is None
    assert all(len(line) <= 998 for line in peer.raw[0].split(b"\r\n"))


async def test_starttls_is_used_before_anything_is_said(authority: Authority) -> None:
    async with mail_peer(served(authority.sign("127.0.0.1"))) as peer:
        email = an_email(
            peer,
            tls="starttls",
            username="assent",
            password="env:WORD",
            certificate_authority=str(authority.file),
        )
        await email.send(a_notice(), (BEN,), "")
        assert peer.logins == ["\0assent\0the-pass-word"]
        assert peer.said_in_clear == ["EHLO example.org", "STARTTLS"]
        assert len(peer.mails) == 1


async def test_implicit_tls_is_spoken_from_the_first_byte(authority: Authority) -> None:
    async with mail_peer(served(authority.sign("127.0.0.1")), implicit=True) as peer:
        await an_email(peer, tls="implicit", certificate_authority=str(authority.file)).send(
            a_notice(), (BEN,), ""
        )
        assert len(peer.mails) == 1


async def test_a_server_that_offers_no_tls_gets_nothing(peer: MailPeer) -> None:
    email = an_email(peer, tls="starttls", username="assent", password="env:WORD")
    with pytest.raises(OutsideFault, match="not by a TLS that can be trusted"):
        await email.send(a_notice(), (BEN,), "")
    assert (peer.mails, peer.logins) == ([], [])


@pytest.mark.parametrize("names", [("127.0.0.2",), ("mail.test",)])
async def test_a_certificate_for_another_gets_nothing(
    authority: Authority, names: tuple[str, ...]
) -> None:
    async with mail_peer(served(authority.sign(*names))) as peer:
        email = an_email(peer, tls="starttls", certificate_authority=str(authority.file))
        with pytest.raises(OutsideFault, match="TLS that can be trusted"):
            await email.send(a_notice(), (BEN,), "")
        assert peer.mails == []


async def test_a_certificate_of_an_unknown_authority_gets_nothing(authority: Authority) -> None:
    async with mail_peer(served(authority.sign("127.0.0.1")), implicit=True) as peer:
        with pytest.raises(OutsideFault, match="TLS that can be trusted"):
            await an_email(peer, tls="implicit").send(a_notice(), (BEN,), "")
        assert peer.mails == []


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "words"),
    [
        ("MAIL", "550 not you: s3cr3t", OperatorFault, "refused the message with 550"),
        ("RCPT", "550 s3cr3t", OperatorFault, "refused the message with 550"),
        ("RCPT", "451 s3cr3t", OutsideFault, "put the message off with 451"),
        ("END", "552 s3cr3t", OperatorFault, "refused the message with 552"),
        ("END", "451 s3cr3t", OutsideFault, "put the message off with 451"),
        (
            "AUTH",
            "535 s3cr3t",
            OperatorFault,
            "refused `username` and `password` of `ops` with 535",
        ),
        ("AUTH", "454 s3cr3t", OutsideFault, "put the message off with 454"),
        ("EHLO", "421 s3cr3t", OutsideFault, "421"),
    ],
)
async def test_what_the_server_refuses_for_good_is_the_operator_s(
    peer: MailPeer, verb: str, answer: str, kind: type[Exception], words: str
) -> None:
    peer.says[verb] = answer
    email = an_email(peer, username="assent", password="env:WORD")
    with pytest.raises(kind, match=words) as caught:
        await email.send(a_notice(), (BEN,), "")
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_one_address_that_is_refused_does_not_keep_it_from_others(peer: MailPeer) -> None:
    peer.says["RCPT sec@example.org"] = "550 gone"
    reference = await an_email(peer, ("sec@example.org",)).send(a_notice(loud=True), (BEN,), "")
    assert reference
    assert peer.mails[0][1] == ["ben@example.org"]


async def test_nobody_there_is_a_fault_of_the_outside(peer: MailPeer) -> None:
    peer.port = 1
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await an_email(peer).send(a_notice(), (BEN,), "")


async def test_an_authority_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not PEM")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(OperatorFault, match="cannot be read as certificates"):
            an_email(MailPeer(), tls="starttls", certificate_authority=str(tmp_path / name))


@pytest.mark.parametrize("verb", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
async def test_a_server_that_falls_silent_is_left_in_time(peer: MailPeer, verb: str) -> None:
    peer.silent_at = verb
    email = an_email(peer, within_s=0.2, username="assent", password="env:WORD")
    async with asyncio.timeout(1):
        with pytest.raises(OutsideFault, match="did not answer within 0 s"):
            await email.send(a_notice(), (BEN,), "")
    assert peer.mails == []


async def test_what_was_taken_is_not_sent_again_for_a_goodbye(peer: MailPeer) -> None:
    for rude in ("silent", "421 no", "nonsense"):
        peer.silent_at = "QUIT" if rude == "silent" else ""
        peer.says["QUIT"] = rude
        assert await an_email(peer, within_s=0.2).send(a_notice(), (BEN,), "")
    assert len(peer.mails) == 3
