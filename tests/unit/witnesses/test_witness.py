import threading
from base64 import b64encode
from pathlib import Path

import pytest

from assent.audit.checkpoint import format_checkpoint
from assent.audit.cosignature import open_cosignature
from assent.audit.note import Signer, split_note
from assent.audit.proof import Submission, format_submission
from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.witnesses.witness import SIZE
from unit.witnesses.witness_builders import (
    NOON,
    ORIGIN,
    SIGNER,
    AWitness,
    a_note,
    a_submission,
)


@pytest.mark.parametrize("kind", ["ed25519", "ml-dsa-44"])
def test_the_first_checkpoint_of_a_log_is_cosigned(tmp_path: Path, kind: str) -> None:
    a = AWitness(tmp_path, kind)
    status, body = a.ask(a_submission(0, 5))
    opened = open_cosignature(body, a.cosigner.verifier, split_note(a_note(5))[0])
    assert status == 200
    assert opened is not None
    assert opened.at == NOON


def test_what_continues_the_last_one_is_cosigned_also_after_a_restart(tmp_path: Path) -> None:
    assert AWitness(tmp_path).ask(a_submission(0, 5))[0] == 200
    assert AWitness(tmp_path).ask(a_submission(5, 9))[0] == 200
    assert AWitness(tmp_path).ask(a_submission(9, 300))[0] == 200


def test_the_same_checkpoint_is_cosigned_again(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    assert a.ask(a_submission(5, 5))[0] == 200


def test_another_old_size_is_told_the_size_that_is_known(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    assert a.ask(a_submission(3, 5)) == (409, "0\n")
    a.ask(a_submission(0, 5))
    assert a.ask(a_submission(0, 9)) == (409, "5\n")
    assert a.ask(a_submission(8, 9)) == (409, "5\n")
    assert a.witness.add_checkpoint(a_submission(0, 9).encode()).kind == SIZE


def test_a_rollback_is_refused(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 9))
    assert a.ask(a_submission(0, 5)) == (409, "9\n")
    assert a.ask(a_submission(4, 5)) == (409, "9\n")
    assert a.ask(a_submission(9, 5))[0] == 400
    assert AWitness(tmp_path).ask(a_submission(9, 12))[0] == 200


def test_another_tree_of_the_same_size_is_a_fork_whose_notes_are_kept(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    assert a.ask(a_submission(5, 5, "forged")) == (409, "5\n")
    (evidence,) = a.folder.evidence()
    assert evidence.read_text("utf-8") == f"{a_note(5)}\n\n\n{a_note(5, 'forged')}"
    assert a.told[0].startswith(f"FORK: `{ORIGIN}`")


def test_a_larger_tree_that_does_not_continue_is_refused_and_kept(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    status, body = a.ask(a_submission(5, 9, "forged"))
    assert status == 422
    assert a_note(5) in body
    assert [path.name[:9] for path in a.folder.evidence()] == ["unproved-"]
    assert a.told[0].startswith("REFUSED")
    # What was refused changes nothing.
    assert a.ask(a_submission(5, 9))[0] == 200


def test_nonsense_cannot_crowd_out_the_evidence_of_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.witnesses.state._MOST_ALIKE", 3)
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    for size in range(6, 20):
        a.ask(format_submission(Submission(5, (b"x" * 32,), a_note(size))))
    a.ask(a_submission(5, 5, "forged"))
    names = [path.name.partition("-")[0] for path in a.folder.evidence()]
    assert (names.count("unproved"), names.count("fork")) == (3, 1)
    assert "full" in a.told[3]


def test_a_proof_where_none_is_due_is_refused(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    body = format_submission(Submission(0, (b"x" * 32,), a_note(5)))
    assert a.ask(body)[0] == 422
    a.ask(a_submission(0, 5))
    body = format_submission(Submission(5, (b"x" * 32,), a_note(5)))
    assert a.ask(body)[0] == 422


def test_an_empty_log_is_cosigned_and_may_grow_without_a_proof(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    assert a.ask(a_submission(0, 0))[0] == 200
    assert a.ask(a_submission(0, 5))[0] == 200


def test_an_empty_tree_has_one_root(tmp_path: Path) -> None:
    note = SIGNER.sign(format_checkpoint(ORIGIN, 0, b"x" * 32))
    assert AWitness(tmp_path).ask(format_submission(Submission(0, (), note)))[0] == 422


def test_a_log_that_nobody_named_is_not_known(tmp_path: Path) -> None:
    other = Signer("other.example/log", Secret(b"o" * 32))
    assert AWitness(tmp_path).ask(a_submission(0, 5, signer=other))[0] == 404


def test_a_key_that_nobody_named_is_forbidden(tmp_path: Path) -> None:
    other = Signer(ORIGIN, Secret(b"o" * 32))
    a = AWitness(tmp_path)
    assert a.ask(a_submission(0, 5, signer=other))[0] == 403
    wrong = a_submission(0, 5).replace("\n5\n", "\n6\n")
    assert a.ask(wrong)[0] == 403


def test_a_log_that_rotated_its_key_has_two(tmp_path: Path) -> None:
    other = Signer(ORIGIN, Secret(b"o" * 32))
    a = AWitness(tmp_path, logs=(SIGNER.verifier, other.verifier))
    assert a.ask(a_submission(0, 5))[0] == 200
    assert a.ask(a_submission(5, 9, signer=other))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 0\n",
        f"old x\n\n{a_note(5)}",
        f"old 5\n\n{a_note(3)}",
        "old 0\n\nhello\n\n— assent.example/audit AAAAAAAA\n",
        f"old 0\n{b64encode(b'short').decode()}\n\n{a_note(5)}",
    ],
)
def test_what_is_no_request_is_bad(tmp_path: Path, body: str) -> None:
    assert AWitness(tmp_path).ask(body)[0] == 400


def test_bytes_that_are_no_text_are_bad(tmp_path: Path) -> None:
    assert AWitness(tmp_path).witness.add_checkpoint(b"old 0\n\n\xff").status == 400


def test_a_disk_that_refuses_gets_no_cosignature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes, mode: int = 0) -> None:
        raise OSError(28, "No space left on device")

    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    with monkeypatch.context() as patch:
        patch.setattr("assent.witnesses.state.write_durably", full)
        with pytest.raises(OSError, match="No space"):
            a.ask(a_submission(5, 9))
    assert a.ask(a_submission(5, 9, "entry"))[0] == 200


def test_a_damaged_memory_is_never_an_empty_one(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    (path,) = (tmp_path / "logs").iterdir()
    path.write_text("gone")
    with pytest.raises(OperatorFault, match="damaged"):
        a.ask(a_submission(0, 9, "forged"))


def test_of_two_that_come_at_once_only_one_is_cosigned(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    bodies = [a_submission(5, size) for size in range(6, 26)]
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda body=body: found.append(a.ask(body)[0])) for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, *[409] * 19]
