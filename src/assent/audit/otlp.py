"""Events of the log as log records of OpenTelemetry, whose body is the OCSF event.

Source: OTLP 1.x, JSON Protobuf encoding of `ExportLogsServiceRequest`: 64-bit numbers are texts,
ids are hex; OpenTelemetry logs data model, severity numbers and `event_name`.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from assent.core.canonical import Json

MEDIA_TYPE = "application/json"
SCOPE = "assent.audit"

# OCSF severity → (number, text): INFO, INFO2, WARN, ERROR, FATAL.
_SEVERITIES = {
    1: (9, "INFO"),
    2: (10, "INFO2"),
    3: (13, "WARN"),
    4: (17, "ERROR"),
    5: (21, "FATAL"),
}


def logs_request(events: Sequence[Mapping[str, Any]], instance: str, version: str) -> bytes:
    """Return the body of a POST to `/v1/logs`. instance: tells this gateway from others."""
    resource = {
        "service.name": "assent",
        "service.instance.id": instance,
        "service.version": version,
    }
    request = {
        "resourceLogs": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeLogs": [
                    {
                        "scope": {"name": SCOPE, "version": version},
                        "logRecords": [log_record(one) for one in events],
                    }
                ],
            }
        ]
    }
    return json.dumps(request, separators=(",", ":"), sort_keys=True).encode()


def log_record(event: Mapping[str, Any]) -> dict[str, Json]:
    """Return one record. All entries of one action are of one trace, or else of one request."""
    metadata, proof = event["metadata"], event["unmapped"]["assent"]
    number, words = _SEVERITIES[event["severity_id"]]
    name = f"assent.log.{metadata['event_code']}"
    nanoseconds = str(event["time"] * 1_000_000)
    about: dict[str, Json] = {
        "event.name": name,
        "assent.entry": metadata["uid"],
        "assent.index": proof["index"],
        "assent.leaf_hash": proof["leaf_hash"],
        "assent.origin": proof["origin"],
    }
    for key in ("request", "session", "target"):
        if proof.get(key):
            about[f"assent.{key}"] = proof[key]
    record: dict[str, Json] = {
        "timeUnixNano": nanoseconds,
        "observedTimeUnixNano": nanoseconds,
        "severityNumber": number,
        "severityText": words,
        "eventName": name,
        "body": _value(event),
        "attributes": _attributes(about),
        "flags": 0,
    }
    correlation = metadata.get("correlation_uid")
    if correlation:
        record["traceId"] = _id(correlation, 16)
        record["spanId"] = _id(metadata["uid"], 8)
    return record


def rejected(answer: bytes) -> tuple[int, str]:
    """Return how many records a collector did not take, and why. Raises ValueError."""
    if not answer.strip():
        return 0, ""
    said = json.loads(answer)
    partial = said.get("partialSuccess") if isinstance(said, dict) else None
    if not isinstance(partial, dict):
        return 0, ""
    # A 64-bit number: a text, as protobuf writes it, or a number.
    return int(partial.get("rejectedLogRecords") or 0), str(partial.get("errorMessage", ""))[:200]


def _id(text: str, length: int) -> str:
    return sha256(f"assent trace\n{text}".encode()).digest()[:length].hex()


def _attributes(values: Mapping[str, Json]) -> list[Json]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> Json:
    """Return an AnyValue. Null is one without a value."""
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case str():
            return {"stringValue": value}
        case Mapping():
            pairs = [{"key": key, "value": _value(one)} for key, one in value.items()]
            return {"kvlistValue": {"values": pairs}}
        case _:
            return {"arrayValue": {"values": [_value(one) for one in value]}}
