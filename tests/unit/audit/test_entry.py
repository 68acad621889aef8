import json
from datetime import datetime, timedelta, timezone

import pytest

from assent.audit.entry import MAX_LEAF_BYTES, decode, decode_payload, encode, payload_digest
from unit.audit.audit_builders import NOON, an_entry, salted


def a_leaf(**changes: object) -> bytes:
    value = json.loads(encode(an_entry(), salted("salt"))[0]) | changes
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_leaf_has_these_exact_bytes() -> None:
    leaf, payload = encode(an_entry(5, facts={"action": "act_1", "score": 12}), salted("salt"))
    assert payload is None
    assert leaf == (
        b'{"at":"2026-11-22T12:00:00.005000Z","facts":{"action":"act_1","score":12},'
        b'"id":"ent_00000000000000000000000005","kind":"login","payload":null,'
        b'"request":"req_one","session":"ses_one","subject":"sub_ana","target":"tgt_shop",'
        b'"version":1}'
    )


def test_a_payload_has_these_exact_bytes_and_its_digest_is_in_the_leaf() -> None:
    leaf, payload = encode(an_entry(payload={"text": "select 'ü'"}), salted("pepper"))
    assert payload == '{"content":{"text":"select \'ü\'"},"salt":"pepper"}'.encode()
    assert decode(leaf)["payload"] == payload_digest(payload)
    assert decode_payload(payload) == {"text": "select 'ü'"}


def test_what_is_absent_is_null() -> None:
    leaf, _ = encode(an_entry(in_session=False), salted("salt"))
    assert decode(leaf)["session"] is None


def test_the_same_payload_under_another_salt_has_another_digest() -> None:
    entry = an_entry(payload={"text": "yes"})
    assert encode(entry, salted("one"))[0] != encode(entry, salted("two"))[0]


def test_time_is_written_in_utc() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert encode(an_entry(at=east), salted("salt")) == encode(an_entry(at=NOON), salted("salt"))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        encode(an_entry(at=datetime(2026, 1, 1)), salted("salt"))


def test_the_largest_entry_fits_and_one_byte_more_does_not() -> None:
    room = MAX_LEAF_BYTES - len(encode(an_entry(facts={"a": ""}), salted("salt"))[0])
    assert len(encode(an_entry(facts={"a": "x" * room}), salted("salt"))[0]) == MAX_LEAF_BYTES
    with pytest.raises(ValueError, match="65536 bytes"):
        encode(an_entry(facts={"a": "x" * (room + 1)}), salted("salt"))


def test_a_float_among_the_facts_is_refused() -> None:
    with pytest.raises(ValueError, match="float"):
        encode(an_entry(facts={"score": 1.5}), salted("salt"))  # type: ignore[dict-item]


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        encode(an_entry(payload={"text": "\ud800"}), salted("salt"))


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (b"", "not canonical json"),
        (b"\xff", "not canonical json"),
        (b"[]", "not an object"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' + b"9" * 5000 + b"}", "not canonical json"),
        (b" " + a_leaf(), "canonical form"),
        (a_leaf().replace(b'"version":1', b'"version":1,"version":1'), "canonical form"),
        (a_leaf(version=2), "version `2`"),
        (a_leaf(version=True), "version `True`"),
        (a_leaf(facts={"score": 1.5}), "float"),
        (a_leaf(more=1), "`more`"),
        (a_leaf(id=""), "`id`"),
        (a_leaf(id=7), "`id`"),
        (a_leaf(subject=7), "`subject`"),
        (a_leaf(facts=[]), "`facts`"),
        (a_leaf(kind="Login"), "`kind`"),
        (a_leaf(kind=None), "`kind`"),
        (a_leaf(payload="sha256:AB"), "`payload`"),
        (a_leaf(payload=1), "`payload`"),
        (a_leaf(at="2026-11-22T12:00:00Z"), "`at`"),
        (a_leaf(at="2026-11-22T13:00:00.000000+01:00"), "`at`"),
        (a_leaf(at="2026-02-30T13:00:00.000000Z"), "`at`"),
        (a_leaf(at="0001-01-01T00:00:00.000000+23:00"), "`at`"),
        (a_leaf(at=7), "`at`"),
        (b"x" * (MAX_LEAF_BYTES + 1), "65536 bytes"),
    ],
)
def test_a_leaf_in_any_other_form_is_refused(leaf: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(leaf)


def test_a_key_that_is_missing_is_named() -> None:
    value = json.loads(a_leaf())
    del value["target"]
    leaf = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(ValueError, match="`target`"):
        decode(leaf)


def test_a_kind_of_a_newer_program_is_read() -> None:
    assert decode(a_leaf(kind="key.rotated"))["kind"] == "key.rotated"


@pytest.mark.parametrize("payload", [b"{}", b'{"content":1,"salt":"s"}', b'{"content":{}}', b"x"])
def test_a_payload_in_any_other_form_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="payload"):
        decode_payload(payload)
