import pytest

from assent.audit.report import (
    Check,
    CheckStatus,
    ExitCode,
    Findings,
    NamedEntry,
    Report,
    name_entry,
)


def report(*statuses: CheckStatus) -> Report:
    checks = tuple(Check(1, "name", "source", status) for status in statuses)
    return Report(checks, 0, b"", 0)


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([], ExitCode.GOOD),
        ([CheckStatus.OK, CheckStatus.OK], ExitCode.GOOD),
        ([CheckStatus.OK, CheckStatus.LEFT_OUT], ExitCode.INCOMPLETE),
        ([CheckStatus.INCOMPLETE, CheckStatus.OK], ExitCode.INCOMPLETE),
        ([CheckStatus.INCOMPLETE, CheckStatus.UNTRUSTED], ExitCode.UNTRUSTED_KEY),
        ([CheckStatus.UNTRUSTED, CheckStatus.FAILED], ExitCode.TAMPERED),
    ],
)
def test_the_gravest_finding_is_the_exit_code(statuses: list[CheckStatus], code: ExitCode) -> None:
    assert report(*statuses).exit_code is code


def test_the_exit_codes_are_these_numbers() -> None:
    assert [int(code) for code in ExitCode] == [1, 4, 2, 0]


def test_the_gravest_finding_of_a_check_comes_first() -> None:
    findings = Findings(1, "name", "source")
    findings.miss("missing", NamedEntry(9))
    findings.fail("wrong", NamedEntry(3, "ent_3"))
    check = findings.close()
    assert (check.status, check.details) == (CheckStatus.FAILED, ("wrong", "missing"))
    assert [entry.index for entry in check.entries] == [3, 9]


def test_a_damaged_entry_keeps_its_name_while_it_can_be_read() -> None:
    assert str(name_entry(7, b'{"facts":{"id":"no"},"id":"ent_7","kind":"x')) == "entry 7 (`ent_7`)"
    assert str(name_entry(7, b'"id":"\x1b[31m","kind":"x')) == "entry 7"
