"""The files of a bundle are lines that a reader can take one by one."""

import json
from base64 import b64decode

from assent.audit.bundles import describe, event_line, proof_line


def test_each_line_is_one_object() -> None:
    line = proof_line(3, b"leaf\n", [b"\x00" * 32, b"\x01" * 32])
    assert line.count(b"\n") == 1
    proof = json.loads(line)
    assert proof["index"] == 3
    assert b64decode(proof["leaf"]) == b"leaf\n"
    assert [b64decode(one)[0] for one in proof["hashes"]] == [0, 1]
    assert json.loads(event_line({"a": "\n é"})) == {"a": "\n é"}
    assert event_line({"a": "\n"}).count(b"\n") == 1


def test_it_says_what_it_holds() -> None:
    said = json.loads(describe(3, 9, "a", "b", "events.jsonl"))
    assert (said["first"], said["end"], said["version"]) == (3, 9, 1)
