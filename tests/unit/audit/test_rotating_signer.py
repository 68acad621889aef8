from assent.audit.note import Signer, open_note
from assent.audit.rotating_signer import RotatingSigner
from assent.core.secret import Secret

OLD, NEW = Secret(b"o" * 32), Secret(b"n" * 32)
ORIGIN, TEXT = "assent.example/audit", "hello\n"
OLD_KEY, NEW_KEY = Signer(ORIGIN, OLD).verifier, Signer(ORIGIN, NEW).verifier


def by(note: str) -> set[str]:
    return {one.text() for one in open_note(note, [OLD_KEY, NEW_KEY]).signed_by}


def test_one_key_signs_like_any_other_signer() -> None:
    signer = RotatingSigner(ORIGIN, OLD, None)
    assert signer.sign(TEXT) == Signer(ORIGIN, OLD).sign(TEXT)
    assert signer.following is None


def test_both_keys_sign_from_the_beginning_of_a_rotation_to_its_end() -> None:
    signer = RotatingSigner(ORIGIN, OLD, None)
    signer.begin(NEW)
    assert by(signer.sign(TEXT)) == {OLD_KEY.text(), NEW_KEY.text()}
    assert (signer.verifier_key, signer.following) == (OLD_KEY.text(), NEW_KEY.text())
    signer.finish()
    assert by(signer.sign(TEXT)) == {NEW_KEY.text()}
    assert (signer.verifier_key, signer.following) == (NEW_KEY.text(), None)


def test_a_rotation_that_is_abandoned_was_none() -> None:
    signer = RotatingSigner(ORIGIN, OLD, NEW)
    signer.abandon()
    signer.finish()
    assert by(signer.sign(TEXT)) == {OLD_KEY.text()}
