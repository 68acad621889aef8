"""Law 11: any two checkpoints are consistent; any flipped bit is found."""

import json
from datetime import UTC, datetime
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.audit.entry import decode, decode_payload, encode
from assent.audit.tiles import decode_bundle, encode_bundle
from assent.audit.tree import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    subtrees_of,
    verify_consistency,
    verify_inclusion,
)
from assent.core.canonical import Json
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, SessionId
from assent_verify.report import ExitCode
from unit.audit.audit_builders import an_export, salted, story, verify

HASHES = [leaf_hash(number.to_bytes(2, "big")) for number in range(1200)]

keys = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(keys, values, max_size=4)
entries = st.builds(
    Entry,
    id=texts.filter(bool).map(EntryId),
    kind=st.sampled_from(EntryKind),
    at=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),
    session=st.none() | texts.map(SessionId),
    facts=objects,
    payload=st.none() | objects,
)


@cache
def export() -> dict[str, bytes]:
    return an_export(story(300), [0, 7, 256])


@given(entries)
def test_what_is_encoded_is_decoded(entry: Entry) -> None:
    leaf, payload = encode(entry, salted("salt"))
    value = decode(leaf)
    assert (value["id"], value["kind"], value["session"]) == (entry.id, entry.kind, entry.session)
    assert value["facts"] == entry.facts
    assert (payload is None) == (entry.payload is None)
    assert payload is None or decode_payload(payload) == entry.payload


@given(entries, st.data())
def test_a_leaf_with_another_bit_is_another_leaf_or_none(entry: Entry, data: st.DataObject) -> None:
    leaf, _ = encode(entry, salted("salt"))
    at, bit = data.draw(st.integers(0, len(leaf) - 1)), data.draw(st.integers(0, 7))
    changed = leaf[:at] + bytes([leaf[at] ^ 1 << bit]) + leaf[at + 1 :]
    try:
        value = decode(changed)
    except ValueError:
        return
    assert value != decode(leaf)


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return


@given(st.integers(0, len(HASHES)), st.integers(0, len(HASHES)))
def test_the_frontier_has_the_root_of_the_whole_tree(first: int, second: int) -> None:
    old, new = sorted((first, second))
    frontier = Frontier()
    for item in HASHES[:old]:
        frontier.append(item)
    frontier = Frontier(frontier.size, frontier.hashes)
    for item in HASHES[old:new]:
        frontier.append(item)
    assert frontier.root() == root_of(HASHES[:new])


@given(st.integers(1, len(HASHES)), st.integers(1, len(HASHES)))
def test_any_two_checkpoints_are_consistent(first: int, second: int) -> None:
    old, new = sorted((first, second))
    proof = consistency_proof(old, new, subtrees_of(HASHES))
    verify_consistency(old, new, root_of(HASHES[:old]), root_of(HASHES[:new]), proof)


@given(st.integers(1, len(HASHES)), st.data())
def test_any_leaf_is_proved_to_be_in_the_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, subtrees_of(HASHES))
    verify_inclusion(index, size, HASHES[index], proof, root_of(HASHES[:size]))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_gives_back_its_entries(leaves: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(leaves), len(leaves)) == leaves


def entries_at(name: str, at: int) -> set[int]:
    """Return the indexes of the entries that own byte `at` of a bundle or payload file."""
    number = int(name.split("/")[-1][:3]) if ".p/" not in name else int(name.split("/")[-2][:3])
    data = export()[name]
    if name.startswith("payload/"):
        # A byte that ends a line belongs to the next one as well.
        lines = data.splitlines(keepends=True)
        around = {data[: max(at - 1, 0)].count(b"\n"), data[:at].count(b"\n")}
        return {json.loads(lines[line])["index"] for line in around}
    width = int(name.rpartition("/")[2]) if ".p/" in name else 256
    end = 0
    for offset, leaf in enumerate(decode_bundle(data, width)):
        end += 2 + len(leaf)
        if at < end:
            return {number * 256 + offset}
    raise AssertionError("no such byte")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_flipped_bit_in_an_export_is_found_and_names_its_entry(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name, item in export().items() if item)))
    file = export()[name]
    at, bit = data.draw(st.integers(0, len(file) - 1)), data.draw(st.integers(0, 7))
    changed = file[:at] + bytes([file[at] ^ 1 << bit]) + file[at + 1 :]
    report = verify(export() | {name: changed})
    if name.startswith(("tile/entries/", "payload/")):
        assert report.exit_code is ExitCode.TAMPERED
        named = {entry.index for check in report.checks for entry in check.entries}
        assert named & entries_at(name, at)
    else:
        assert report.exit_code in (ExitCode.TAMPERED, ExitCode.UNTRUSTED_KEY)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_cut_file_in_an_export_is_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name, item in export().items() if item)))
    length = data.draw(st.integers(0, len(export()[name]) - 1))
    assert verify(export() | {name: export()[name][:length]}).exit_code is not ExitCode.GOOD


def test_the_export_of_these_laws_is_good() -> None:
    assert verify(export()).exit_code is ExitCode.GOOD
