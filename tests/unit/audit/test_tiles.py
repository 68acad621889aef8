import pytest

from assent.audit.tiles import (
    Span,
    TileBuilder,
    all_spans,
    bundle_path,
    decode_bundle,
    encode_bundle,
    payloads_path,
    salvage_bundle,
    spans,
    split_tile,
    tile_path,
)
from assent.audit.tree import leaf_hash, root_of


def test_the_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(3, 1234067) == "tile/3/x001/x234/067"
    assert tile_path(1, 1000, 12) == "tile/1/x001/000.p/12"
    assert bundle_path(273, 112) == "tile/entries/273.p/112"
    assert payloads_path(1001) == "payload/x001/001.jsonl"


@pytest.mark.parametrize("width", [0, 257, -1])
def test_a_tile_of_an_impossible_width_has_no_path(width: int) -> None:
    with pytest.raises(ValueError, match="width"):
        tile_path(0, 0, width)


def test_a_log_of_70000_entries_has_the_tiles_of_the_specification() -> None:
    # C2SP tlog-tiles counts them for exactly this size.
    found = list(all_spans(70_000))
    assert [item for item in found if item.level == 0][-1] == Span(0, 273, 112)
    assert [item for item in found if item.level == 1] == [Span(1, 0, 256), Span(1, 1, 17)]
    assert [item for item in found if item.level == 2] == [Span(2, 0, 1)]
    assert len(found) == 274 + 2 + 1


def test_an_empty_log_has_no_tiles() -> None:
    assert list(all_spans(0)) == list(spans(0)) == []
    assert TileBuilder().rest() == []


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_the_builder_makes_exactly_the_tiles_of_that_size(size: int) -> None:
    builder = TileBuilder()
    made: dict[Span, bytes] = {}
    hashes = [leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    for item in hashes:
        made |= dict(builder.append(item))
    made |= dict(builder.rest())
    assert made.keys() == set(all_spans(size))
    assert b"".join(made[span] for span in spans(size)) == b"".join(hashes)
    for span in spans(size, 1):
        upper = split_tile(made[span], span.width)
        assert upper == [root_of(hashes[at * 256 : at * 256 + 256]) for at in range(span.width)]


def test_a_bundle_has_each_entry_after_its_length() -> None:
    data = encode_bundle([b"one", b"", b"two"])
    assert data == b"\x00\x03one\x00\x00\x00\x03two"
    assert decode_bundle(data, 3) == [b"one", b"", b"two"]


@pytest.mark.parametrize("leaves", [[], [b""] * 257, [b"x" * 65_536]])
def test_what_does_not_fit_in_a_bundle_is_refused(leaves: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"bundle|at most"):
        encode_bundle(leaves)


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x00\x03on", b"\x00\x01a\x00\x01b", b"\x00\x01ab"]
)
def test_a_bundle_of_the_wrong_length_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="bundle has"):
        decode_bundle(data, 1)


def test_what_is_whole_in_a_broken_bundle_is_saved() -> None:
    assert salvage_bundle(b"\x00\x01a\x00\x09b", 2) == ([b"a"], 3)


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        split_tile(b"x" * 63, 2)
