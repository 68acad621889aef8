"""Check 2: the entries and the tree."""

from assent.audit.report import CheckStatus, ExitCode
from assent.audit.tiles import decode_bundle, encode_bundle
from assent.audit.tree import leaf_hash
from unit.audit.audit_builders import (
    an_export,
    only_finding,
    story,
    verify,
    words,
)


def with_changed_entry(files: dict[str, bytes], index: int, *, hash_too: bool) -> dict[str, bytes]:
    """Return the export with `ana` made `eve` in one entry of the first bundle of 12."""
    path, tile = "tile/entries/000.p/12", "tile/0/000.p/12"
    leaves = decode_bundle(files[path], 12)
    leaves[index] = leaves[index].replace(b"sub_ana", b"sub_eve")
    changed = files | {path: encode_bundle(leaves)}
    if hash_too:
        changed[tile] = b"".join(leaf_hash(leaf) for leaf in leaves)
    return changed


def test_a_changed_entry_is_named() -> None:
    report = verify(with_changed_entry(an_export(story(12)), 7, hash_too=False))
    check = only_finding(report, 2, CheckStatus.FAILED)
    assert report.exit_code is ExitCode.TAMPERED
    assert [str(entry) for entry in check.entries] == ["entry 7 (`ent_00000000000000000000000007`)"]
    assert "was changed: its bytes do not have the hash" in words(check)


def test_an_entry_that_was_changed_with_its_hash_is_found_by_the_root() -> None:
    report = verify(with_changed_entry(an_export(story(12), [6]), 7, hash_too=True))
    assert "do not have the root" in words(report.checks[1])
    assert "does not continue `checkpoints/12`" in words(report.checks[2])
    assert "checkpoints/6" not in words(report.checks[2])


def test_a_changed_hash_is_told_from_a_changed_entry() -> None:
    files = an_export(story(12))
    tile = bytearray(files["tile/0/000.p/12"])
    tile[32 * 5] ^= 1
    report = verify(files | {"tile/0/000.p/12": bytes(tile)})
    check = only_finding(report, 2, CheckStatus.FAILED)
    assert "the hash stored for entry 5" in words(check)


def test_a_changed_length_names_the_entry_it_belongs_to() -> None:
    files = an_export(story(12))
    path = "tile/entries/000.p/12"
    leaves = decode_bundle(files[path], 12)
    at = len(encode_bundle(leaves[:4])) + 1
    data = bytearray(files[path])
    data[at] ^= 1
    report = verify(files | {path: bytes(data)})
    assert [entry.index for entry in report.checks[1].entries] == [4]
    assert report.exit_code is ExitCode.TAMPERED


def test_bytes_after_the_last_entry_are_found() -> None:
    files = an_export(story(12))
    report = verify(files | {"tile/entries/000.p/12": files["tile/entries/000.p/12"] + b"x"})
    assert [entry.index for entry in report.checks[1].entries] == [11]


def test_a_missing_bundle_is_incomplete_and_not_tampered() -> None:
    files = an_export(story(600))
    del files["tile/entries/001"]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert "`tile/entries/001` is missing" in words(report.checks[1])
    assert report.entries == 600 - 256


def test_a_missing_tile_is_incomplete() -> None:
    files = an_export(story(600))
    for path in ("tile/0/001", "tile/1/000.p/2"):
        check = only_finding(
            verify({k: v for k, v in files.items() if k != path}), 2, CheckStatus.INCOMPLETE
        )
        assert f"`{path}` is missing" in words(check)


def test_without_entries_and_hashes_no_root_is_claimed() -> None:
    files = an_export(story(600))
    del files["tile/entries/001"], files["tile/0/001"]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert report.checks[2].status is CheckStatus.LEFT_OUT


def test_a_tile_of_the_wrong_length_is_found() -> None:
    files = an_export(story(12))
    report = verify(files | {"tile/0/000.p/12": files["tile/0/000.p/12"][:-1]})
    assert "`tile/0/000.p/12`: a tile of width 12 has 384 bytes" in words(report.checks[1])


def test_a_changed_upper_tile_is_found() -> None:
    files = an_export(story(600))
    report = verify(files | {"tile/1/000.p/2": bytes(64)})
    check = only_finding(report, 2, CheckStatus.FAILED)
    assert "does not fit the tiles under it" in words(check)


def test_when_entries_and_hashes_are_both_wrong_neither_is_believed() -> None:
    files = with_changed_entry(an_export(story(12)), 7, hash_too=False)
    tile = bytearray(files["tile/0/000.p/12"])
    tile[0] ^= 1
    report = verify(files | {"tile/0/000.p/12": bytes(tile)})
    assert [entry.index for entry in report.checks[1].entries] == [0, 7]
    assert "or its stored hash was changed" in words(report.checks[1])
