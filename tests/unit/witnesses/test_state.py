from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.witnesses.state import WitnessFolder, init, read_key
from unit.witnesses.witness_builders import ORIGIN, a_note


def test_a_witness_has_the_key_that_was_made_for_it(tmp_path: Path) -> None:
    made = init(tmp_path / "w", "witness.example/w1", "ed25519")
    assert read_key(tmp_path / "w").verifier == made.verifier
    assert (tmp_path / "w" / "key").stat().st_mode & 0o777 == 0o600


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    init(tmp_path / "w", "witness.example/w1", "ed25519")
    with pytest.raises(OperatorFault, match="not empty"):
        init(tmp_path / "w", "witness.example/w1", "ed25519")


def test_a_name_that_no_key_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="name"):
        init(tmp_path / "w", "two words", "ed25519")
    assert not (tmp_path / "w").exists()


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    init(tmp_path / "w", "witness.example/w1", "ed25519")
    (tmp_path / "w" / "key").chmod(0o640)
    with pytest.raises(OperatorFault, match="read by others"):
        read_key(tmp_path / "w")


def test_a_damaged_key_is_said_to_be_damaged(tmp_path: Path) -> None:
    init(tmp_path / "w", "witness.example/w1", "ed25519")
    (tmp_path / "w" / "key").write_bytes(b"short")
    with pytest.raises(OperatorFault, match="damaged"):
        read_key(tmp_path / "w")


def test_another_folder_is_none_of_a_witness(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="assent witness init"):
        read_key(tmp_path)


def test_only_one_witness_runs_in_a_folder(tmp_path: Path) -> None:
    init(tmp_path / "w", "witness.example/w1", "ed25519")
    folder = WitnessFolder(tmp_path / "w")
    with (
        folder.locked(),
        pytest.raises(OperatorFault, match="another witness"),
        WitnessFolder(tmp_path / "w").locked(),
    ):
        pass
    with folder.locked():
        pass


def test_what_is_remembered_of_one_log_is_not_of_another(tmp_path: Path) -> None:
    init(tmp_path / "w", "witness.example/w1", "ed25519")
    folder = WitnessFolder(tmp_path / "w")
    folder.remember(ORIGIN, a_note(3))
    assert folder.latest(ORIGIN) == a_note(3)
    assert folder.latest("other.example/log") is None
    assert folder.notes() == [a_note(3)]


def test_a_note_of_another_log_is_damage(tmp_path: Path) -> None:
    init(tmp_path / "w", "witness.example/w1", "ed25519")
    folder = WitnessFolder(tmp_path / "w")
    folder.remember("other.example/log", a_note(3))
    with pytest.raises(OperatorFault, match="damaged"):
        folder.latest("other.example/log")
