"""Cases are read strictly, with file and line of what is wrong."""

import pytest

from assent.core.faults import OperatorFault
from assent.policy.case_files import LARGEST_FILE, read_cases

GOOD = """
policies = "../policies"
[people.ana]
groups = ["engineers"]
[targets.shop]
environment = "prod"
[given]
who = "ana"
risk = 3

[[case]]
name = "she reads"
when = { do = "sql.read", table = "public.orders" }
then = { answer = "permit" }

[[case]]
name = "at another time, with more risk"
given = { risk = 50, at = 2026-03-04T12:00:00 }
when = { sql = "select 1" }
then = { answer = "deny", needs = [] }
"""


def test_each_case_has_its_line_and_what_the_file_gives() -> None:
    read = read_cases("a.toml", GOOD)
    first, second = read.cases
    assert (first.line, second.line, read.policies) == (11, 16, "../policies")
    assert (first.given, second.given["risk"]) == ({"who": "ana", "risk": 3}, 50)
    assert str(second.given["at"]) == "2026-03-04 12:00:00+00:00"
    assert first.place() == "a.toml:11"


def test_a_text_that_looks_like_a_case_costs_the_lines_only() -> None:
    text = GOOD.replace('"she reads"', '"""she\n[[case]]\nreads"""')
    assert [case.line for case in read_cases("a.toml", text).cases] == [0, 0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[people.ana]", "[persons.ana]", "`persons` is not known"),
        ("groups = [", "gruops = [", "`gruops` is not known"),
        ("risk = 3", "risk = true", "`risk` must be a number"),
        ("risk = 3", "zones = [1]", "`zones` must be a list of texts"),
        ('name = "she reads"', "", "a.toml:11: a case needs a `name`"),
        ('who = "ana"', "", "a.toml:11: a case needs `who`"),
        ("do = ", "sql = 'x', do = ", "a.toml:11: `when` needs one of"),
        ('do = "sql.read", ', "", "a.toml:11: `when` needs one of"),
        ('"permit"', '"maybe"', "`answer` is either"),
        ("[[case]]", "[[cases]]", "`cases` is not known"),
        ("then = {", "then = 3 #", "a.toml:11: then: must be a table"),
        ('policies = "../policies"', "policies = 3", "`policies` must be a text"),
        ('[people.ana]\ngroups = ["engineers"]', "people = 1", "must be tables by name"),
        ("[people.ana]", "[people.ana", "is not TOML"),
    ],
)
def test_what_is_not_understood_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(OperatorFault) as caught:
        read_cases("a.toml", GOOD.replace(old, new))
    assert said in caught.value.detail


@pytest.mark.parametrize("text", ["", "case = 1", "case = []", "x" * (LARGEST_FILE + 1)])
def test_a_file_without_cases_and_one_that_is_too_large_are_refused(text: str) -> None:
    with pytest.raises(OperatorFault):
        read_cases("a.toml", text)
