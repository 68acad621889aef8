from collections.abc import Callable

import pytest

from unit.assent_verify.told_entries import Log, every_cut

STORY = 9


def _denied(log: Log) -> Log:
    return log.attempt().decision("deny")


def _run(log: Log) -> Log:
    return log.run()


def _released_and_run(log: Log) -> Log:
    of = {"action": "act_1", "request": "req_1"}
    log.attempt(session="ses_1").decision("deny", session="ses_1").add("request.opened", **of)
    log.attempt(session="ses_1", request="req_1")
    log.decision("permit", session="ses_1", request="req_1")
    log.add("request.changed", state="released", **of)
    return log.add("result", **of).add("request.settled", state="completed", **of)


def _rejected(log: Log) -> Log:
    of = {"action": "act_1", "request": "req_1"}
    log.attempt(session="ses_1").decision("deny", session="ses_1").add("request.opened", **of)
    return log.add("request.settled", state="rejected", **of)


def _at_once(log: Log) -> Log:
    log.attempt().decision("permit")
    return log.add("request.settled", action="act_1", request="req_1", state="completed")


def _prepared(log: Log) -> Log:
    return log.attempt(session="ses_1").decision("permit", session="ses_1", phase="prepare")


def _reused(log: Log) -> Log:
    return log.attempt(session="ses_1").decision("permit", session="ses_1", reuse=True)


def _reused_with_a_result(log: Log) -> Log:
    return _reused(log).add("result", action="act_1", session="ses_1")


def _lost_after_release(log: Log) -> Log:
    of = {"action": "act_1", "request": "req_1", "session": "ses_1"}
    log.attempt(session="ses_1", request="req_1")
    log.decision("permit", session="ses_1", request="req_1")
    log.add("request.changed", state="released", **of)
    return log.add("request.settled", state="outcome-unknown", **of)


@pytest.mark.parametrize(
    "tell",
    [
        _denied,
        _run,
        _released_and_run,
        _rejected,
        _at_once,
        _prepared,
        _reused,
        _reused_with_a_result,
        _lost_after_release,
    ],
)
def test_a_story_that_is_over_is_good_wherever_the_log_is_cut(tell: Callable[[Log], Log]) -> None:
    log = tell(Log())
    for cuts in every_cut(log):
        assert log.found(STORY, *cuts) == []


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("result", {}, "has a result"),
        ("request.changed", {"state": "released"}, "is released"),
        ("request.settled", {"state": "completed"}, "is completed"),
    ],
)
def test_what_nothing_permits_is_named(kind: str, facts: dict[str, str], words: str) -> None:
    log = Log().run("act_0").attempt().decision("deny")
    log.add(kind, action="act_1", **facts)
    for cuts in every_cut(log):
        said = f"entry 5 (`ent_5`): action `act_1` {words}, but no decision before it permits it"
        assert log.found(STORY, *cuts) == [("failed", said)]


def test_a_permit_lets_one_result() -> None:
    log = Log().run().add("result", action="act_1", session="ses_1")
    for cuts in every_cut(log):
        assert [status for status, _ in log.found(STORY, *cuts)] == ["failed"]


def test_what_is_lacking_may_be_among_what_cannot_be_read() -> None:
    log = Log().gap().add("result", action="act_1")
    for cuts in every_cut(log):
        ((status, text),) = log.found(STORY, *cuts)
        assert status == "incomplete"
        assert text.endswith("it may be among the entries that cannot be read")


def test_an_action_without_an_outcome_is_named() -> None:
    log = Log().attempt(session="ses_1").decision("permit", session="ses_1")
    log.attempt("act_2")
    for cuts in every_cut(log):
        assert log.found(STORY, *cuts) == [
            (
                "incomplete",
                "entry 1 (`ent_1`): action `act_1` was permitted and has no outcome in the log; "
                "it may still run, or the gateway stopped while it did",
            ),
            (
                "incomplete",
                "entry 2 (`ent_2`): action `act_2` was attempted, and no entry says what was "
                "decided",
            ),
        ]


def test_a_start_after_it_says_that_the_gateway_stopped() -> None:
    log = Log().attempt(session="ses_1").decision("permit", session="ses_1").add("server.started")
    for cuts in every_cut(log):
        ((status, text),) = log.found(STORY, *cuts)
        assert status == "incomplete"
        assert text.endswith(
            "the gateway stopped while it ran, and was started again by entry 2 (`ent_2`)"
        )


def test_what_was_under_way_at_the_export_is_counted_and_no_finding() -> None:
    log = Log().attempt(session="ses_1").decision("permit", session="ses_1")
    log.add("audit.exported", open=["act_1"])
    for cuts in every_cut(log):
        assert log.found(STORY, *cuts) == []
        assert "1 that were under way" in log.told(*cuts).summaries[STORY]


def test_only_the_newest_export_says_what_was_under_way() -> None:
    log = Log().attempt(session="ses_1").decision("permit", session="ses_1")
    log.add("audit.exported", open=["act_1"]).add("audit.exported", open=[])
    assert [status for status, _ in log.found(STORY)] == ["incomplete"]
