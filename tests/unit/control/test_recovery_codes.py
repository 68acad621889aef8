"""Recovery codes, as they are made and typed."""

import pytest

from assent.control.recovery_codes import new_code, plain
from builders import CountingIds


def test_a_code_says_its_number_and_reads_in_groups() -> None:
    code = new_code(7, CountingIds())
    assert code[0] == "7"
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4, 4]
    assert not set(code) & set("ILOU")


def test_a_code_is_read_however_it_is_typed() -> None:
    code = new_code(3, CountingIds())
    bare = code.replace("-", "")
    typed = (code, code.lower(), bare, f" {bare[:7]} {bare[7:]} ", bare.replace("1", "l"))
    assert {plain(text) for text in typed} == {bare}


@pytest.mark.parametrize("text", ["", "123456", "A" * 20, "1" * 19, "1" * 21, "1" * 19 + "ü"])
def test_what_cannot_be_a_code_is_none(text: str) -> None:
    assert plain(text) is None
