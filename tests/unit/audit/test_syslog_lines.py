"""Syslog messages can be read by the grammar of RFC 5424, whatever is in them."""

import json

import pytest

from assent.audit.syslog_lines import framed, syslog_message
from assent.core.entry import EntryKind
from export_peers import read_frames, read_message
from exported_events import NAMING, one_of, some_events, told


def test_a_message_is_read_back_by_the_grammar() -> None:
    (event,) = some_events(1)
    message = read_message(syslog_message(event, "gate.example", 32473))
    assert (message.facility, message.severity) == (13, 6)
    assert (message.host, message.app, message.process) == ("gate.example", "assent", None)
    assert message.message_id == "login"
    assert message.time == event["metadata"]["original_time"]
    said = message.data["assent@32473"]
    proof = event["unmapped"]["assent"]
    assert said["index"] == str(proof["index"])
    assert said["leaf"] == proof["leaf_hash"]
    assert said["origin"] == proof["origin"]
    assert said["entry"] == event["metadata"]["uid"]
    assert json.loads(message.text) == event


@pytest.mark.parametrize(
    ("kind", "severity"),
    [(EntryKind.LOG_DISPUTED, 2), (EntryKind.SECURITY_EVENT, 3), (EntryKind.LOGIN_REFUSED, 5)],
)
def test_what_is_grave_is_grave_there_too(kind: EntryKind, severity: int) -> None:
    assert read_message(syslog_message(told(one_of(kind)), "h", 1)).severity == severity


def test_what_could_break_out_is_escaped() -> None:
    from dataclasses import replace

    evil = replace(NAMING, origin='a"]b\\c')
    event = told(one_of(EntryKind.LOGIN, who='"] <1> \n é'), naming=evil)
    message = read_message(syslog_message(event, "two words\n", 32473))
    assert message.host == "two?words?"
    assert message.data["assent@32473"]["origin"] == 'a"]b\\c'
    assert json.loads(message.text) == event
    assert message.text.isascii()


def test_frames_are_counted_in_octets() -> None:
    messages = [b"<13>1 - - - - - - one", b"<13>1 - - - - - - " + "é".encode()]
    assert read_frames(b"".join(framed(one) for one in messages)) == messages
