"""CloudEvents carry events under one id, however often they are sent."""

import json
from datetime import datetime

from assent.audit.cloud_events import batched, cloud_event, structured
from exported_events import ORIGIN, some_events


def test_an_event_has_the_attributes_that_cloudevents_ask_for() -> None:
    (event,) = some_events(1)
    made = json.loads(structured(event))
    assert made["specversion"] == "1.0"
    assert made["id"] == event["metadata"]["uid"]
    assert made["source"] == f"urn:assent:log:{ORIGIN}"
    assert made["type"] == "assent.log.login"
    assert datetime.fromisoformat(made["time"]).utcoffset() is not None
    assert made["datacontenttype"] == "application/json"
    assert made["data"] == event
    assert all(value for value in made.values())
    assert all(name.isalnum() and name.islower() for name in made)


def test_a_batch_is_a_list_of_the_same() -> None:
    events = some_events(3)
    assert json.loads(batched(events)) == [cloud_event(one) for one in events]


def test_what_it_is_about_is_the_subject() -> None:
    (event,) = some_events(1)
    assert cloud_event(event)["subject"] == event["unmapped"]["assent"]["session"]
    event["unmapped"]["assent"] = {"index": 1}
    assert "subject" not in cloud_event(event)
