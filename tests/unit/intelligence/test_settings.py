"""What the configuration says of on-call and tickets, and what it must not say."""

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from assent.core.faults import OperatorFault
from assent.intelligence.settings import (
    IssueTrackerConfig,
    OnCallConfig,
    check_issue_tracker,
    check_on_call,
    turns_of,
)

URL = "https://ops.example.org/on-call"


def test_good_entries_are_taken() -> None:
    check_on_call(
        (
            OnCallConfig("dba", ("ben", "dora"), "weekly", "2026-01-05", "Europe/Berlin"),
            OnCallConfig("dba", ("eve",), hours="mon-fri 08:00-18:00 Europe/Berlin"),
            OnCallConfig("security", url=URL, token="env:TOKEN"),
            OnCallConfig(url="http://127.0.0.1:9000/x"),
        ),
        "f:[[on_call]]",
    )
    check_issue_tracker(IssueTrackerConfig(URL, "file:secret", "OPS-[0-9]+"), "f:[issue_tracker]")
    check_issue_tracker(IssueTrackerConfig(pattern="OPS-[0-9]+"), "f:[issue_tracker]")
    check_issue_tracker(IssueTrackerConfig(), "f:[issue_tracker]")


def test_a_line_of_the_rota_is_as_it_is_written() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    line = turns_of(OnCallConfig("dba", ("ben",), "daily", "2026-01-06", "Europe/Berlin"), "x")
    assert (line.turns, line.since, line.zone, line.hours) == (
        "daily", date(2026, 1, 6), berlin, None,
    )  # fmt: skip
    by_hours = turns_of(OnCallConfig("dba", ("ben",), hours="sat 08:00-12:00 Europe/Berlin"), "x")
    assert by_hours.zone == berlin
    both = turns_of(
        OnCallConfig("dba", ("ben",), hours="sat 08:00-12:00", time_zone="Europe/Berlin"), "x"
    )
    assert both.hours is not None
    assert both.hours.zone == "Europe/Berlin"
    assert turns_of(OnCallConfig("dba", ("ben",)), "x").zone == UTC


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (OnCallConfig("dba"), "either `people` or a `url`"),
        (OnCallConfig("dba", ("ben",), url=URL), "either `people` or a `url`"),
        (OnCallConfig(people=("ben",)), "needs a `group`"),
        (OnCallConfig("d b a", ("ben",)), "letters, digits"),
        (OnCallConfig("dba", ("b\nen",)), "letters, digits"),
        (OnCallConfig("dba", ("ben",) * 51), "more than 50"),
        (OnCallConfig("dba", ("ben",), turns="monthly"), "none of `weekly`"),
        (OnCallConfig("dba", ("ben",), since="monday"), "no day"),
        (OnCallConfig("dba", ("ben",), time_zone="Mars"), "no time zone"),
        (OnCallConfig("dba", ("ben",), time_zone="../etc/passwd"), "no time zone"),
        (OnCallConfig("dba", ("ben",), hours="always"), "no window"),
        (
            OnCallConfig("dba", ("ben",), time_zone="Asia/Tokyo", hours="sat 08:00-12:00 UTC"),
            "another zone",
        ),
        (OnCallConfig("dba", url="http://ops.example.org"), "in the clear"),
        (OnCallConfig("dba", url="ftp://ops.example.org"), "no address"),
        (OnCallConfig("dba", url="https://me:pw@ops.example.org"), "no address"),
        (OnCallConfig("dba", url="https://[::1"), "no address"),
        (OnCallConfig("dba", url=URL, token="s3cret"), "must be a reference"),
    ],
)
def test_what_cannot_work_is_refused_with_words(entry: OnCallConfig, words: str) -> None:
    with pytest.raises(OperatorFault, match=words) as caught:
        check_on_call((entry,), "f:[[on_call]]")
    assert "s3cret" not in str(caught.value)


def test_two_services_for_every_group_are_one_too_many() -> None:
    with pytest.raises(OperatorFault, match="two entries"):
        check_on_call((OnCallConfig(url=URL), OnCallConfig(url=URL)), "f")


@pytest.mark.parametrize(
    ("tracker", "words"),
    [
        (IssueTrackerConfig("https://x.example"), "must be a reference"),
        (IssueTrackerConfig("https://x.example", "s3cret"), "must be a reference"),
        (IssueTrackerConfig("http://x.example", "env:X"), "in the clear"),
        (IssueTrackerConfig(secret="env:X"), "for no `url`"),
        (IssueTrackerConfig(pattern="OPS-("), "no pattern"),
        (IssueTrackerConfig(pattern=".*"), "empty text"),
    ],
)
def test_a_tracker_that_cannot_work_is_refused(tracker: IssueTrackerConfig, words: str) -> None:
    with pytest.raises(OperatorFault, match=words) as caught:
        check_issue_tracker(tracker, "f:[issue_tracker]")
    assert "s3cret" not in str(caught.value)
