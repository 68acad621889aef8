import pytest

from assent.audit.export import Export, export_files, export_names
from unit.audit.audit_builders import a_signer, checkpoint_of, stored, story

SIGNER = a_signer()
LOG = stored(story(600))
CHECKPOINTS = [checkpoint_of(LOG, size, SIGNER) for size in (520, 0, 300)]


def test_the_names_are_known_before_the_files_are_made() -> None:
    files = dict(export_files(LOG, CHECKPOINTS, SIGNER.verifier_key))
    assert sorted(files) == sorted(export_names([300, 520, 0]))


def test_entries_that_come_in_pieces_make_the_same_export() -> None:
    export = Export(CHECKPOINTS, SIGNER.verifier_key)
    files = []
    while export.next_index < export.size:
        files += export.add(LOG[export.next_index : export.next_index + 64])
    files += export.finish()
    assert dict(files) == dict(export_files(LOG, CHECKPOINTS, SIGNER.verifier_key))


def test_entries_after_the_checkpoint_stay_outside() -> None:
    files = dict(export_files(LOG, CHECKPOINTS, SIGNER.verifier_key))
    assert "tile/entries/002.p/8" in files
    assert files["checkpoint"] == files["checkpoints/520"]


def test_entries_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="entry 5 came where 0 was due"):
        Export(CHECKPOINTS, SIGNER.verifier_key).add(LOG[5:6])


def test_an_export_with_missing_entries_is_not_finished() -> None:
    export = Export(CHECKPOINTS, SIGNER.verifier_key)
    export.add(LOG[:10])
    with pytest.raises(ValueError, match="covers 520 entries, 10 came"):
        export.finish()


def test_a_log_without_checkpoint_cannot_be_exported() -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        Export([], SIGNER.verifier_key)
    with pytest.raises(ValueError, match="no checkpoint"):
        export_names([])
