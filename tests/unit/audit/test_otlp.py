"""Log records are what OTLP in JSON asks for, and those of one action are of one trace."""

import json
import re
from typing import Any

import pytest

from assent.audit.otlp import log_record, logs_request, rejected
from assent.core.entry import EntryKind
from exported_events import one_of, some_events, told


def read(value: dict[str, Any]) -> Any:
    """Return what an AnyValue stands for."""
    match value:
        case {"stringValue": text}:
            return text
        case {"intValue": number}:
            assert isinstance(number, str)
            return int(number)
        case {"boolValue": yes}:
            return yes
        case {"arrayValue": {"values": values}}:
            return [read(one) for one in values]
        case {"kvlistValue": {"values": pairs}}:
            return {one["key"]: read(one["value"]) for one in pairs}
        case _:
            assert value == {}
            return None


def test_the_body_of_a_record_is_the_event() -> None:
    events = some_events(2)
    made = json.loads(logs_request(events, "gateway-1", "0.1.0"))
    (resource,) = made["resourceLogs"]
    about = {one["key"]: read(one["value"]) for one in resource["resource"]["attributes"]}
    assert about["service.name"] == "assent"
    assert about["service.instance.id"] == "gateway-1"
    records = resource["scopeLogs"][0]["logRecords"]
    assert [read(one["body"]) for one in records] == events


def test_a_record_has_its_name_its_time_and_where_it_stands_in_the_log() -> None:
    (event,) = some_events(1)
    record: dict[str, Any] = log_record(event)
    assert record["eventName"] == "assent.log.login"
    assert record["timeUnixNano"] == str(event["time"] * 1_000_000)
    assert (record["severityNumber"], record["severityText"]) == (9, "INFO")
    about = {one["key"]: read(one["value"]) for one in record["attributes"]}
    assert about["event.name"] == "assent.log.login"
    assert about["assent.index"] == 0
    assert about["assent.leaf_hash"] == event["unmapped"]["assent"]["leaf_hash"]


def test_entries_of_one_action_are_of_one_trace() -> None:
    attempt = told(one_of(EntryKind.ATTEMPT, action="act_1"))
    result = told(one_of(EntryKind.RESULT, action="act_1"))
    other = told(one_of(EntryKind.RESULT, action="act_2"))
    traces = [log_record(one)["traceId"] for one in (attempt, result, other)]
    assert traces[0] == traces[1] != traces[2]
    assert all(isinstance(one, str) and re.fullmatch("[0-9a-f]{32}", one) for one in traces)
    span = log_record(attempt)["spanId"]
    assert isinstance(span, str)
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert span != log_record(result)["spanId"]


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (b"", 0),
        (b"{}", 0),
        (b'{"partialSuccess":{}}', 0),
        (b'{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"no"}}', 3),
        (b'{"partialSuccess":{"rejectedLogRecords":3}}', 3),
        (b"[]", 0),
    ],
)
def test_what_a_collector_rejects_is_counted(answer: bytes, count: int) -> None:
    assert rejected(answer)[0] == count


def test_an_answer_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError):
        rejected(b"<html>")
