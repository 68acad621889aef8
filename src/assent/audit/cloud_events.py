"""Events of the log as CloudEvents, whose data is the OCSF event.

Source: CloudEvents 1.0.2, JSON event format: structured mode (section 2) and batch (section 4).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from assent.core.canonical import Json

MEDIA_TYPE = "application/cloudevents+json"
BATCH_MEDIA_TYPE = "application/cloudevents-batch+json"


def cloud_event(event: Mapping[str, Any]) -> dict[str, Json]:
    """Return an OCSF event in its envelope. The id is the entry's: the same however often sent."""
    metadata = event["metadata"]
    proof = event["unmapped"]["assent"]
    made: dict[str, Json] = {
        "specversion": "1.0",
        "id": metadata["uid"],
        # The log is the source, and with it the id is unique; wherever the gateway is reached.
        "source": f"urn:assent:log:{metadata['log_name']}",
        "type": f"assent.log.{metadata['event_code']}",
        "time": metadata["original_time"],
        "datacontenttype": "application/json",
        "dataschema": f"https://schema.ocsf.io/{metadata['version']}/classes",
        "data": event,
    }
    about = proof.get("request") or proof.get("session") or proof.get("target")
    if about:
        made["subject"] = about
    return made


def structured(event: Mapping[str, Any]) -> bytes:
    """Return the body of a POST with one event."""
    return _json(cloud_event(event))


def batched(events: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the body of a POST with several."""
    return _json([cloud_event(one) for one in events])


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
