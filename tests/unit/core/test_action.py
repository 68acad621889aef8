"""The digest that an approval is bound to."""

from dataclasses import replace

import pytest

from assent.core.action import Phase
from assent.core.ids import ActionId, SessionId, SubjectId, TargetId
from builders import a_statement, an_action

ACTION = an_action("sql.delete", text="delete from orders")


@pytest.mark.parametrize(
    "change",
    [
        {"text": "delete from orders "},
        {"parameters": ("1",)},
        {"parameters": (None,)},
        {"parameters": ("",)},
        {"subject": SubjectId("sub_ben")},
        {"target": TargetId("tgt_other")},
        {"target": None},
        {"session": SessionId("ses_2")},
        {"details": {"for_s": "7200"}},
        {"salt": "another"},
        {"statement": a_statement("sql.update")},
    ],
)
def test_whatever_is_bound_changes_the_digest(change: dict[str, object]) -> None:
    assert replace(ACTION, **change).digest() != ACTION.digest()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"id": ActionId("act_2")},
        {"phase": Phase.PREPARE},
        {"in_transaction": True},
        {"statement": replace(a_statement("sql.delete"), complete=False, touches=())},
    ],
)
def test_our_reading_of_it_does_not(change: dict[str, object]) -> None:
    assert replace(ACTION, **change).digest() == ACTION.digest()  # type: ignore[arg-type]


def test_parameters_are_not_run_together() -> None:
    one = replace(ACTION, parameters=("a", "b")).digest()
    assert one != replace(ACTION, parameters=("ab",)).digest()
    assert one.startswith("sha256:")
    assert len(one) == 7 + 64
