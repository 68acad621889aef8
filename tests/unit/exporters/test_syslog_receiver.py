"""Syslog goes out over TLS to whom is trusted, and again where it was not taken whole."""

import json
import socket
import ssl
import threading
from pathlib import Path

import pytest

from assent.core.faults import OutsideFault
from assent.exporters.syslog_receiver import SyslogReceiver
from certificate_authority import Authority, Signed
from export_peers import SyslogPeer, syslog_peer
from exported_events import some_events


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def signed(authority: Authority) -> Signed:
    return authority.sign("127.0.0.1")


def receiver(
    peer: SyslogPeer, authority: Path, ours: Signed | None = None, within_s: float = 5.0
) -> SyslogReceiver:
    def trust() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(authority))
        if ours is not None:
            context.load_cert_chain(ours.certificate, ours.key)
        return context

    server = ("127.0.0.1", peer.port)
    return SyslogReceiver("syslog", server, trust, "gate.example", 32473, within_s=within_s)


async def test_messages_come_whole_and_in_order(authority: Authority, signed: Signed) -> None:
    events = some_events(300)
    async with syslog_peer(signed) as peer:
        assert await receiver(peer, authority.file).send(events) == 0
        assert [json.loads(one.text) for one in peer.messages] == events
    assert {one.host for one in peer.messages} == {"gate.example"}


async def test_what_breaks_off_is_sent_again(authority: Authority, signed: Signed) -> None:
    events = some_events(200)
    async with syslog_peer(signed) as peer:
        peer.breaks = 1
        sink = receiver(peer, authority.file)
        with pytest.raises(OutsideFault, match="syslog receiver"):
            await sink.send(events)
        await sink.send(events)
        assert [json.loads(one.text) for one in peer.messages] == events


async def test_a_receiver_that_does_not_read_has_taken_nothing(
    authority: Authority, signed: Signed
) -> None:
    async with syslog_peer(signed) as peer:
        peer.hangs = True
        with pytest.raises(OutsideFault):
            await receiver(peer, authority.file, within_s=0.3).send(some_events(2))


async def test_a_certificate_of_somebody_else_does_not_count(
    signed: Signed, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path, "strangers")
    async with syslog_peer(signed) as peer:
        with pytest.raises(OutsideFault, match="certificate that does not count"):
            await receiver(peer, stranger.file).send(some_events(1))
        assert peer.streams == []


async def test_we_show_who_we_are_where_that_is_asked_for(
    authority: Authority, signed: Signed
) -> None:
    async with syslog_peer(signed, clients=str(authority.file)) as peer:
        await receiver(peer, authority.file, signed).send(some_events(1))
        assert len(peer.messages) == 1
        assert peer.clients[0]


async def test_a_receiver_that_wants_to_know_us_gets_nothing_from_a_stranger(
    authority: Authority, signed: Signed
) -> None:
    async with syslog_peer(signed, clients=str(authority.file)) as peer:
        with pytest.raises(OutsideFault):
            await receiver(peer, authority.file).send(some_events(1))
        assert peer.streams == []


async def test_a_receiver_that_is_away_is_waited_for(authority: Authority, signed: Signed) -> None:
    async with syslog_peer(signed) as peer:
        pass
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await receiver(peer, authority.file).send(some_events(1))


class Silent:
    """A receiver that reads all and then goes without a word, as RFC 5425 does not allow."""

    def __init__(self, signed: Signed) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(signed.certificate, signed.key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.peer = SyslogPeer(port=self._listening.getsockname()[1])
        self.thread = threading.Thread(target=self._serve, args=(context,))
        self.thread.start()

    def _serve(self, context: ssl.SSLContext) -> None:
        with self._listening:
            accepted, _ = self._listening.accept()
        with context.wrap_socket(accepted, server_side=True, suppress_ragged_eofs=False) as stream:
            # Once our end of TLS was read there is nothing more: the socket is closed as it is.
            self.peer.streams.append(b"".join(iter(lambda: stream.recv(65_536), b"")))


@pytest.mark.parametrize("confirmed", [True, False])
async def test_one_that_goes_without_a_word_is_believed_only_where_it_is_said(
    authority: Authority, signed: Signed, confirmed: bool
) -> None:
    silent = Silent(signed)
    sink = SyslogReceiver(
        "syslog",
        ("127.0.0.1", silent.peer.port),
        lambda: ssl.create_default_context(cafile=str(authority.file)),
        "gate.example",
        32473,
        confirmed=confirmed,
    )
    if confirmed:
        with pytest.raises(OutsideFault, match="close_notify"):
            await sink.send(some_events(3))
    else:
        await sink.send(some_events(3))
    silent.thread.join()
    assert len(silent.peer.messages) == 3
    await sink.close()
