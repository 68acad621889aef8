"""A notice in Slack's blocks is within Slack's limits, and says only what it means."""

import re
from typing import Any

import pytest

from assent.core.ids import SubjectId
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.notifiers.signing import Intents
from assent.notifiers.slack_blocks import ASKS, blocks, fallback, mentions
from channel_notices import BEN, BOOK, DORA, HOSTILE, a_notice
from channel_peers import slack_texts, wrong_blocks

INTENTS = Intents(Secret("the signing secret"))


def made(**changed: Any) -> Any:
    return blocks(a_notice(**changed), (BEN, DORA), BOOK, INTENTS)


def actions(**changed: Any) -> list[str]:
    found = [block for block in made(**changed) if block["type"] == "actions"]
    return [one["action_id"] for block in found for one in block["elements"]]


def test_a_notice_has_a_header_its_lines_whom_it_is_for_and_buttons() -> None:
    assert [block["type"] for block in made()] == ["header", "section", "context", "actions"]
    assert wrong_blocks(made()) == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"headline": HOSTILE * 50, "lines": (HOSTILE * 50,) * 100},
        {"headline": "&" * 5_000, "lines": ("<" * 5_000,) * 100},
        {"headline": "", "lines": ("",)},
        {"link": "", "request": None},
    ],
)
def test_whatever_it_says_it_is_within_the_limits(changed: dict[str, Any]) -> None:
    assert wrong_blocks(made(**changed)) == ""


def test_no_text_of_others_can_mention_or_link() -> None:
    nasty = Subject(SubjectId("sub_x"), "<!here>")
    notice = a_notice(headline=HOSTILE, lines=(HOSTILE,))
    found: Any = blocks(notice, (BEN, nasty), BOOK, INTENTS)
    for text in slack_texts(found):
        assert re.findall("<[^>]*>", text["text"]) in ([], ["<@U024BE7LH>"])
        # What is not plain text is what we wrote ourselves.
        assert text["type"] == "plain_text" or text["text"].startswith("For <@U024BE7LH>")
    assert "<" not in fallback(notice)


def test_people_are_mentioned_where_it_is_known_how_and_named_where_not() -> None:
    assert mentions((BEN, DORA), BOOK) == "For <@U024BE7LH>, dora"
    assert mentions((BEN,) * 25, BOOK).endswith("<@U024BE7LH> and 5 more")


def test_only_a_question_has_buttons_that_answer() -> None:
    assert [actions(topic=topic) for topic in sorted(ASKS)] == [["open", "approve", "reject"]] * 2
    assert actions(topic="request.settled") == ["open"]
    assert actions(request=None) == ["open"]


def test_without_a_signing_secret_there_is_only_the_link() -> None:
    found: Any = blocks(a_notice(), (BEN,), BOOK, None)
    assert [one["action_id"] for one in found[-1]["elements"]] == ["open"]


def test_a_button_carries_what_it_means_and_for_which_request() -> None:
    (last,) = [block for block in made() if block["type"] == "actions"]
    read = [INTENTS.read(one.get("value", "")) for one in last["elements"]]
    assert [(one.verb, one.request) if one else None for one in read] == [
        None,
        ("approve", "req_1"),
        ("reject", "req_1"),
    ]
