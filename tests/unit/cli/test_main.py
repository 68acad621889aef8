"""How a process ends: one sentence and one exit code for every kind of fault."""

import pytest

from assent import __main__ as program
from assent.core.faults import ConflictFault, Fault, ForbiddenFault, OperatorFault, OutsideFault


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OperatorFault("policy", "broken", "a.cedar:3"), 7),
        (OutsideFault("disk", "is full"), 6),
        (ForbiddenFault("denied", "not you"), 3),
        (ConflictFault("late", "somebody was faster"), 5),
        (ExceptionGroup("tasks", [OperatorFault("address-in-use", "is taken")]), 7),
        (KeyboardInterrupt(), 130),
        (PermissionError(13, "Permission denied", "/data"), 6),
    ],
)
def test_a_fault_is_a_sentence_and_a_code(
    fault: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def failing() -> object:
        def command(arguments: list[str]) -> None:
            raise fault

        return command

    monkeypatch.setattr(program, "build", failing)
    assert program.run(["whatever"]) == code
    err = capsys.readouterr().err
    assert err.startswith("assent: ")
    assert err.count("\n") == 1
    if isinstance(fault, Fault):
        assert fault.detail in err


def test_what_nobody_foresaw_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    group = ExceptionGroup("tasks", [OperatorFault("a", "b"), ZeroDivisionError()])

    def failing() -> object:
        def command(arguments: list[str]) -> None:
            raise group

        return command

    monkeypatch.setattr(program, "build", failing)
    with pytest.raises(ExceptionGroup):
        program.run([])
