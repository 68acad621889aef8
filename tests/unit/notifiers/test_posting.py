"""What is posted goes where it was sent and nowhere else, and answers are not trusted."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.notifiers.posting import Posting
from builders import FixedClock
from channel_peers import HttpPeer, http_peer

CLOCK_MOVES = timedelta(seconds=30)


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as peer:
        yield peer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def posting(clock: FixedClock) -> AsyncIterator[Posting]:
    posting = Posting("the place", clock, 0.5)
    yield posting
    await posting.close()


async def refused(posting: Posting, url: str, most_bytes: int = 0) -> OutsideFault:
    with pytest.raises(OutsideFault) as caught:
        await posting.post(url, b"x", {}, most_bytes)
    return caught.value


async def test_status_and_answer_are_returned(posting: Posting, peer: HttpPeer) -> None:
    peer.say(201, b"made")
    answer = await posting.post(f"{peer.url}/a?b=c", b"body", {"x-a": "b"}, 100)
    assert (answer.status, answer.data, answer.is_good) == (201, b"made", True)
    assert (peer.taken[0].path, peer.taken[0].body) == ("/a?b=c", b"body")
    assert peer.taken[0].headers["x-a"] == "b"


async def test_an_answer_that_nobody_reads_may_be_as_long_as_it_likes(
    posting: Posting, peer: HttpPeer
) -> None:
    peer.say(200, b"x" * 2_000_000)
    assert (await posting.post(peer.url, b"", {})).is_good


async def test_an_answer_of_too_many_bytes_is_a_fault(posting: Posting, peer: HttpPeer) -> None:
    peer.say(200, b"x" * 101)
    fault = await refused(posting, peer.url, 100)
    assert fault.detail == "the place answered more than 100 bytes"


async def test_no_redirect_is_followed(posting: Posting, peer: HttpPeer) -> None:
    peer.say(307, headers={"location": f"{peer.url}/elsewhere"})
    assert not (await posting.post(peer.url, b"", {})).is_good
    assert len(peer.taken) == 1


async def test_no_proxy_of_the_environment_is_asked(
    posting: Posting, peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    again = Posting("the place", FixedClock(), 0.5)
    assert (await again.post(peer.url, b"", {})).is_good
    await again.close()


async def test_nobody_there_is_a_fault_that_names_no_address(posting: Posting) -> None:
    fault = await refused(posting, "http://127.0.0.1:1/x?key=s3cr3t")
    assert fault.detail == "the place cannot be reached (ConnectError)"
    assert fault.__cause__ is None


async def test_no_certificate_of_anybody_is_believed(posting: Posting, peer: HttpPeer) -> None:
    fault = await refused(posting, peer.url.replace("http:", "https:"))
    assert "cannot be reached" in fault.detail


async def test_an_address_that_is_none_is_the_operator_s(posting: Posting) -> None:
    with pytest.raises(OperatorFault) as caught:
        await posting.post("http://there:s3cr3t/", b"", {})
    assert "s3cr3t" not in str(caught.value)


async def test_who_asks_for_a_rest_gets_it(
    posting: Posting, peer: HttpPeer, clock: FixedClock
) -> None:
    peer.say(429, headers={"retry-after": "30"})
    first = await refused(posting, peer.url)
    assert first.detail == "the place answered 429 and asked to be left alone for 30 s"
    peer.say(200)
    assert "for another 30 s" in (await refused(posting, peer.url)).detail
    assert len(peer.taken) == 1
    clock.advance(timedelta(seconds=30))
    assert (await posting.post(peer.url, b"", {})).is_good


@pytest.mark.parametrize("header", ["", "soon", "-1", "٣", "Wed, 04 Mar 2026 12:00:00 GMT"])
async def test_a_rest_of_no_known_length_is_none(
    posting: Posting, peer: HttpPeer, header: str
) -> None:
    peer.say(503, headers={"retry-after": header} if header.isascii() else {})
    assert (await refused(posting, peer.url)).detail == "the place answered 503"
    peer.say(200)
    assert (await posting.post(peer.url, b"", {})).is_good


async def test_nobody_is_left_alone_for_longer_than_ten_minutes(
    posting: Posting, peer: HttpPeer, clock: FixedClock
) -> None:
    peer.say(429, headers={"retry-after": "99999999"})
    await refused(posting, peer.url)
    peer.say(200)
    clock.advance(timedelta(minutes=10))
    assert (await posting.post(peer.url, b"", {})).is_good
