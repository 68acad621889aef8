from assent.core.faults import OperatorFault
from assent.policy.trouble import Problem, problems

TEXT = '@id("a")\n  permit (principal, action == Action::"sql.raed", resource);'


def found(detail: str, place: str) -> Problem:
    (problem,) = problems([OperatorFault("policy-schema", detail, place)], {"x.cedar": TEXT})
    return problem


def test_the_column_is_that_of_what_is_named() -> None:
    problem = found("there is no verb `sql.raed`", "x.cedar:2")
    assert (problem.file, problem.line) == ("x.cedar", 2)
    assert TEXT.split("\n")[1][problem.column - 1 :].startswith("sql.raed")


def test_where_nothing_named_stands_there_it_is_the_first_character() -> None:
    assert found("something `else` is wrong", "x.cedar:2").column == 3
    assert found("it is wrong", "x.cedar:1").column == 1


def test_a_place_that_is_not_in_the_files_is_told_as_it_is() -> None:
    assert found("it is wrong", "x.cedar:99") == Problem(
        "x.cedar", 99, 1, "policy-schema", "it is wrong"
    )
    assert found("it is wrong", "y.cedar:1").file == "y.cedar"
