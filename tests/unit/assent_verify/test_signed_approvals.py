"""What a reader finds out about signed approvals who has nothing but the log."""

from dataclasses import replace

import pytest

from assent.core.canonical import Json
from assent.core.entry import Entry
from assent_verify.report import ExitCode, Status
from unit.assent_verify.exports import only_finding, words
from unit.audit.audit_builders import an_entry, an_export, verify
from unit.audit.signed_builders import DORA, a_document, approved, enrolled, revoked


def finding(*entries: Entry, status: Status = Status.FAILED) -> str:
    """Return what check 11 alone says of a log, which names the last entry."""
    check = only_finding(verify(an_export(entries)), 11, status)
    assert check.entries[-1].index == len(entries) - 1
    return words(check)


def test_a_good_one_is_counted() -> None:
    report = verify(an_export([enrolled(0), approved(1), approved(2)]))
    assert report.exit_code is ExitCode.GOOD
    assert words(report.checks[10]) == (
        "2 approvals are signed by a key of who approved, good then; "
        "of 2 the document that they were shown is here"
    )


def test_a_log_without_any_says_so() -> None:
    assert words(verify(an_export([an_entry(0)])).checks[10]) == "no approval is signed"


def test_a_key_that_was_never_enrolled_is_found() -> None:
    assert "no entry before it enrolled" in finding(approved(0))
    assert "no entry before it enrolled" in finding(enrolled(0), approved(1, "key_2"))


def test_a_key_that_was_enrolled_only_later_is_found() -> None:
    check = only_finding(verify(an_export([approved(0), enrolled(1)])), 11, Status.FAILED)
    assert [entry.index for entry in check.entries] == [0]


def test_a_signature_by_somebody_elses_key_is_found() -> None:
    assert "key `key_1` is of `sub_ben`" in finding(enrolled(0), approved(1, by=DORA))
    both = (enrolled(0), enrolled(1, "key_2", 2, DORA))
    assert "the signature does not fit" in finding(*both, approved(2, seed=2))


def test_a_signature_after_the_revocation_is_found_and_one_before_it_is_good() -> None:
    good = [enrolled(0), approved(1), revoked(2)]
    assert verify(an_export(good)).exit_code is ExitCode.GOOD
    assert "its key was revoked before, by entry 2" in finding(*good, approved(3))


def test_nobody_puts_another_key_in_the_place_of_an_enrolled_one() -> None:
    assert "was enrolled before" in finding(enrolled(0), enrolled(1, seed=2))
    assert "was enrolled before" in finding(enrolled(0), enrolled(1, "key_2"))


def test_a_revocation_of_no_key_or_of_anothers_is_found() -> None:
    assert "revokes a key that no entry" in finding(enrolled(0), revoked(1, "key_2"))
    assert "as another's" in finding(enrolled(0), revoked(1, owner=DORA))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"verdict": "reject"}, "the signature does not fit"),
        ({"digest": "sha256:" + "0" * 64}, "the signature does not fit"),
        ({"shown": "sha256:" + "0" * 64}, "the signature does not fit"),
        ({"key_kind": "webauthn"}, "enrolled as one of another kind"),
        ({"signature": "AAAA"}, "not canonical base64 of 64 bytes"),
        ({"signature": None}, "does not say all that belongs to a signature"),
        ({"assertion": {"client_data": "e30="}}, "has no assertion beside it"),
        ({"assertion": "e30="}, "assertion"),
    ],
)
def test_a_changed_fact_is_found(facts: dict[str, Json], expected: str) -> None:
    assert expected in finding(enrolled(0), approved(1, facts=facts))


def test_another_document_than_the_one_signed_is_found() -> None:
    good = approved(1)
    forged = replace(good, payload={"shown": a_document("select 1")})
    assert "not the one whose digest was signed" in finding(enrolled(0), forged)
    assert "no document of what was shown" in finding(
        enrolled(0), replace(good, payload={"comment": "fine"})
    )
    assert "or what was shown" in finding(enrolled(0), replace(good, payload=None))


def test_a_document_that_shows_another_action_than_the_one_signed_is_found() -> None:
    document = a_document()
    document["action"] = {**a_document("select 1")["action"], "digest": "sha256:" + "1" * 64}  # type: ignore[dict-item]
    assert "shows another action" in finding(enrolled(0), approved(1, document=document))
    elsewhere = a_document() | {"request": "req_two"}
    assert "of another request" in finding(enrolled(0), approved(1, document=elsewhere))


def test_a_kind_that_this_program_does_not_know_is_not_called_good() -> None:
    facts: dict[str, Json] = {"key": "key_1", "kind": "lattice", "public_key": "cGs="}
    unknown = replace(enrolled(0), facts=facts)
    said = finding(unknown, approved(1, facts={"key_kind": "lattice"}), status=Status.INCOMPLETE)
    assert "cannot be checked by this program" in said


def test_a_key_among_entries_that_cannot_be_read_is_incomplete() -> None:
    files = an_export([enrolled(0), approved(1)])
    (name,) = [name for name in files if name.startswith("tile/entries")]
    report = verify(files | {name: files[name].replace(b'"version":1', b'"version":7', 1)})
    assert report.checks[10].status is Status.INCOMPLETE


def test_a_bad_public_key_is_found() -> None:
    facts: dict[str, Json] = {"key": "key_1", "kind": "ed25519", "public_key": "A" * 43 + "="}
    weak = replace(enrolled(0), facts=facts)
    assert "under which everything would be signed" in finding(weak)
    assert "does not say which" in finding(replace(weak, facts={"key": "key_1"}))
