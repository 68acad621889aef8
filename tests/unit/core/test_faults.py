from assent.core.faults import Fault, OperatorFault


def test_a_fault_has_a_code_and_words_that_may_be_shown() -> None:
    fault = Fault("no-such-thing", "there is no `thing`")
    assert (fault.code, fault.detail) == ("no-such-thing", "there is no `thing`")
    assert str(fault) == "no-such-thing: there is no `thing`"


def test_an_operators_fault_says_where() -> None:
    assert OperatorFault("x", "is wrong", "assent.toml:[server]").detail == (
        "assent.toml:[server]: is wrong"
    )
    assert OperatorFault("x", "is wrong").detail == "is wrong"
