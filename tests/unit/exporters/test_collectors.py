"""Collectors get what they can check, and what one does not take is sent again."""

import base64
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest

from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.exporters.collectors import CloudEvents, OpenTelemetry
from assent.exporters.posting import Posting
from channel_peers import HttpPeer, Taken, http_peer
from conformance.store_builders import NOON, StoppedClock
from exported_events import some_events

KEY = b"a key of more than 24 bytes, all of them known"
SECRET = Secret("whsec_" + base64.b64encode(KEY).decode())


@asynccontextmanager
async def cloud_events(
    *, batch: bool = False, path: str = "/in"
) -> AsyncIterator[tuple[CloudEvents, HttpPeer]]:
    async with http_peer() as peer:
        posting = Posting("the collector `siem`", peer.url + path, ssl.create_default_context())
        yield CloudEvents("siem", posting, lambda: SECRET, StoppedClock(), batch=batch), peer
        await posting.close()


def check_signature(taken: Taken) -> None:
    identity, at = taken.headers["webhook-id"], taken.headers["webhook-timestamp"]
    signed = f"{identity}.{at}.".encode() + taken.body
    digest = base64.b64encode(hmac.new(KEY, signed, sha256).digest()).decode()
    assert taken.headers["webhook-signature"] == f"v1,{digest}"
    assert at == str(int(NOON.timestamp()))


async def test_each_event_is_a_signed_message_of_its_own_in_order() -> None:
    async with cloud_events() as (sink, peer):
        events = some_events(3)
        assert await sink.send(events) == 0
    assert [one.json["data"] for one in peer.taken] == events
    for one in peer.taken:
        check_signature(one)
        assert one.headers["content-type"] == "application/cloudevents+json"
        assert one.headers["webhook-id"] == one.json["id"]


async def test_a_batch_is_one_signed_message() -> None:
    async with cloud_events(batch=True) as (sink, peer):
        events = some_events(3)
        await sink.send(events)
    (taken,) = peer.taken
    check_signature(taken)
    assert taken.headers["content-type"] == "application/cloudevents-batch+json"
    assert [one["data"] for one in taken.json] == events


async def test_what_was_taken_before_one_was_not_is_not_sent_twice() -> None:
    async with cloud_events() as (sink, peer):
        events = some_events(4)
        poisoned = events[2]["metadata"]["uid"]

        def answer(taken: Taken) -> tuple[int, dict[str, str], bytes]:
            return (503 if taken.json["id"] == poisoned else 200), {}, b""

        peer.answer = answer
        with pytest.raises(OutsideFault, match="answered 503"):
            await sink.send(events)
        peer.say(202)
        await sink.send(events)
    ids = [one.json["id"] for one in peer.taken]
    expected = [one["metadata"]["uid"] for one in events]
    assert ids == [*expected[:3], *expected[2:]]


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410, 413, 500])
async def test_what_is_not_taken_is_a_fault_that_passes_and_names_no_address(status: int) -> None:
    async with cloud_events(path="/in?key=secret-in-the-address") as (sink, peer):
        peer.say(status, headers={"location": "http://127.0.0.1:1/"})
        with pytest.raises(OutsideFault) as fault:
            await sink.send(some_events(1))
    assert "127.0.0.1" not in fault.value.detail
    assert "secret-in-the-address" not in fault.value.detail
    assert str(status) in fault.value.detail


async def test_a_collector_that_is_away_is_waited_for() -> None:
    async with cloud_events() as (sink, peer):
        pass
    posting = Posting("the collector `siem`", peer.url, ssl.create_default_context())
    sink = CloudEvents("siem", posting, lambda: SECRET, StoppedClock(), batch=False)
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await sink.send(some_events(1))
    await posting.close()


async def test_a_collector_that_hangs_is_left_after_a_while() -> None:
    async with http_peer() as peer:
        peer.hangs = True
        posting = Posting("it", peer.url, ssl.create_default_context(), within_s=0.05)
        sink = CloudEvents("siem", posting, lambda: SECRET, StoppedClock(), batch=False)
        with pytest.raises(OutsideFault):
            await sink.send(some_events(1))
        await posting.close()


async def test_a_collector_that_answers_without_end_is_left() -> None:
    async with cloud_events() as (sink, peer):
        peer.say(200, b"x" * 100_000)
        with pytest.raises(OutsideFault, match="more than 65536 bytes"):
            await sink.send(some_events(1))


@asynccontextmanager
async def open_telemetry(token: str = "") -> AsyncIterator[tuple[OpenTelemetry, HttpPeer]]:
    async with http_peer() as peer:
        posting = Posting("the collector", peer.url + "/v1/logs", ssl.create_default_context())

        def headers() -> dict[str, str]:
            return {"authorization": f"Bearer {token}"} if token else {}

        yield OpenTelemetry("otel", posting, headers, "0.1.0"), peer
        await posting.close()


def records(taken: Taken) -> list[Any]:
    (resource,) = taken.json["resourceLogs"]
    (scope,) = resource["scopeLogs"]
    return list(scope["logRecords"])


async def test_log_records_go_out_in_one_message_with_the_token() -> None:
    async with open_telemetry("a-token") as (sink, peer):
        assert await sink.send(some_events(5)) == 0
    (taken,) = peer.taken
    assert taken.path == "/v1/logs"
    assert taken.headers["content-type"] == "application/json"
    assert taken.headers["authorization"] == "Bearer a-token"
    assert len(records(taken)) == 5


async def test_what_a_collector_rejects_for_good_is_counted_and_not_sent_again() -> None:
    async with open_telemetry() as (sink, peer):
        answer = {"partialSuccess": {"rejectedLogRecords": "2", "errorMessage": "too long"}}
        peer.say(200, json.dumps(answer).encode())
        assert await sink.send(some_events(5)) == 2
        peer.say(200, b'{"partialSuccess":{"rejectedLogRecords":"-9"}}')
        assert await sink.send(some_events(5)) == 0


async def test_an_answer_that_is_no_json_does_not_count_as_taken() -> None:
    async with open_telemetry() as (sink, peer):
        peer.say(200, b"<html>welcome</html>")
        with pytest.raises(OutsideFault, match="no JSON"):
            await sink.send(some_events(1))
