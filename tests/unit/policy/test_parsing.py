import cedarpy
import pytest

from assent.core.faults import OperatorFault
from assent.policy.fragments import Fragment, split
from assent.policy.parsing import parse, validate
from assent.policy.schema import schema_text
from policy_builders import SQL

SCHEMA = cedarpy.Schema.from_str(schema_text([SQL]))


def fragment(text: str) -> Fragment:
    return split("a.cedar", text)[0][0]


def test_a_policy_is_returned_in_cedars_own_json() -> None:
    policy = parse(fragment('@id("a") permit (principal, action, resource);'))
    assert policy["effect"] == "permit"
    assert policy["annotations"] == {"id": "a"}


def test_a_lone_semicolon_is_no_policy() -> None:
    with pytest.raises(OperatorFault, match=r"a\.cedar:1"):
        parse(fragment(";"))


def test_the_line_is_of_the_token_that_is_wrong_and_not_of_one_that_looks_like_it() -> None:
    text = "permit (principal, action, resource)\nwhen { principal == resource }\nwhen resource;"
    with pytest.raises(OperatorFault) as caught:
        parse(fragment(text))
    assert caught.value.place == "a.cedar:3"


def test_a_policy_that_fits_the_schema_is_valid() -> None:
    validate(fragment("permit (principal, action, resource);"), "a", SCHEMA)


def test_what_does_not_fit_is_named_by_policy_and_line() -> None:
    wrong = fragment("permit (principal,\naction,\nresource is Tabel);")
    with pytest.raises(OperatorFault, match=r"policy `a`: .*Tabel") as caught:
        validate(wrong, "a", SCHEMA)
    assert caught.value.place == "a.cedar:3"
