"""Check 1: who signed."""

import pytest

from assent.audit.checkpoint import format_checkpoint
from assent.audit.report import CheckStatus, ExitCode
from unit.audit.audit_builders import (
    KEY,
    a_signer,
    an_export,
    only_finding,
    story,
    verify,
    words,
)


def test_without_a_trusted_key_nothing_is_proved() -> None:
    report = verify(an_export(story(12)), keys=())
    check = only_finding(report, 1, CheckStatus.UNTRUSTED)
    assert report.exit_code is ExitCode.UNTRUSTED_KEY
    assert "no key was given" in words(check)


def test_another_key_than_the_trusted_one_is_untrusted() -> None:
    report = verify(an_export(story(12), signer=a_signer(seed=8)))
    assert report.exit_code is ExitCode.UNTRUSTED_KEY
    assert "which is not trusted" in words(report.checks[0])


def test_a_checkpoint_of_another_log_under_a_trusted_key_is_refused() -> None:
    files = an_export(story(3))
    body = format_checkpoint("other.example/audit", 3, bytes(32))
    report = verify(files | {"checkpoint": a_signer().sign(body).encode()})
    assert "is of `other.example/audit`, which did not sign it" in words(report.checks[0])
    assert "of another log" in words(report.checks[2])


@pytest.mark.parametrize("name", ["checkpoint", "key", "checkpoints/12", "payload/000.jsonl"])
def test_a_missing_file_is_incomplete(name: str) -> None:
    files = an_export(story(12))
    del files[name]
    report = verify(files)
    assert report.exit_code is ExitCode.INCOMPLETE
    assert any(f"`{name}` is missing" in words(check) for check in report.checks)


@pytest.mark.parametrize("name", ["checkpoint", "key", "checkpoints/12"])
@pytest.mark.parametrize("data", [b"", b"\xff", b"x\n"])
def test_a_file_that_cannot_be_read_is_a_finding(name: str, data: bytes) -> None:
    report = verify(an_export(story(12)) | {name: data})
    assert report.exit_code is ExitCode.TAMPERED
    assert f"`{name}`" in words(report.checks[0])


def test_a_key_of_two_lines_is_refused() -> None:
    report = verify(an_export(story(3)) | {"key": KEY.encode()})
    assert "not one line" in words(report.checks[0])


def test_a_checkpoint_under_another_size_is_refused() -> None:
    files = an_export(story(12), [6])
    report = verify(files | {"checkpoints/6": files["checkpoints/12"]})
    assert "`checkpoints/6` holds the checkpoint of size 12" in words(report.checks[0])


def test_a_malformed_trusted_key_is_the_readers_mistake() -> None:
    with pytest.raises(ValueError, match="verifier key"):
        verify(an_export([]), keys=("nonsense",))
