from typing import Any

import pytest

from assent_verify.report import Status
from assent_verify.story import policies
from unit.assent_verify.told_entries import Log, every_cut

DECISIONS = 10


def asked(log: Log, action: str = "act_1") -> Log:
    """Add a decision that says what Cedar was asked, by the policies `pol-a`."""
    content: dict[str, Any] = {
        "details": {}, "parameters": [], "salt": "", "text": "",
        "statement": {"touches": [], "complete": True, "kind": "sql.read"},
    }  # fmt: skip
    log.add("attempt", content, action=action, digest="sha256:x", verb="sql.read")
    evidence = {"at": "2026-11-22T12:00:00Z", "subject": {"id": "sub_ana", "name": "ana"}}
    said = {"cedar": {"asked": [], "entities": []}, "evidence": evidence}
    return log.add("decision", said, action=action, outcome="deny", revision="pol-a")


def unasked(log: Log, action: str = "act_1") -> Log:
    log.add("attempt", {}, action=action)
    return log.add("decision", {"evidence": {}}, action=action, outcome="deny", revision="pol-a")


def closed(log: Log) -> Log:
    """Add a start whose payload cannot be read."""
    log.add("server.started", policy_revision="pol-a")
    leaf, _ = log.lines[-1] or ({}, None)
    leaf["payload"] = "sha256:" + "ab" * 32
    return log


def test_a_decision_by_policies_without_a_text_is_not_called_good() -> None:
    log = asked(asked(Log()), "act_2")
    ((status, text),) = log.found(DECISIONS)
    assert status == "incomplete"
    assert "no entry has the text of its policies, `pol-a`, like 1 after it" in text
    for cuts in every_cut(log):
        assert {status for status, _ in log.found(DECISIONS, *cuts)} == {"incomplete"}


def test_one_by_policies_whose_text_was_redacted_is_counted_and_not_failed() -> None:
    for log in (asked(closed(Log())), asked(Log().gap())):
        for cuts in every_cut(log):
            assert log.found(DECISIONS, *cuts) == []
            said = log.told(*cuts).findings.of(DECISIONS, Status.SKIPPED)
            assert "1 are by policies whose text was pruned or redacted" in said[0].text


def test_decisions_that_were_written_before_questions_were_kept_are_counted() -> None:
    log = unasked(unasked(Log()), "act_2")
    for cuts in every_cut(log):
        assert log.found(DECISIONS, *cuts) == []
        said = log.told(*cuts).findings.of(DECISIONS, Status.SKIPPED)
        assert "2 were written before what Cedar was asked was kept" in said[0].text


def test_a_decision_that_leaves_out_what_others_before_it_say_is_named() -> None:
    log = unasked(asked(closed(Log())), "act_2")
    for cuts in every_cut(log):
        ((status, text),) = log.found(DECISIONS, *cuts)
        assert status == "incomplete"
        assert text.startswith("entry 4 (`ent_4`) does not say what Cedar was asked")


def test_a_decision_whose_payload_cannot_be_opened_is_counted() -> None:
    log = Log().add("server.started", policy_revision="pol-a")
    log.attempt().decision("deny", revision="pol-a")
    said = log.told().findings.of(DECISIONS, Status.SKIPPED)
    assert "1 cannot be opened (sealed, or redacted)" in said[0].text


def test_without_the_engine_decisions_are_left_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policies, "cedarpy", None)
    log = asked(Log())
    assert log.found(DECISIONS) == []
    (said,) = log.told().findings.of(DECISIONS, Status.SKIPPED)
    assert said.text == (
        "no decision was judged: 1 need the engine `cedarpy`, which is not installed"
    )


def test_policies_are_known_by_their_texts_and_not_by_their_name_alone() -> None:
    texts = {"10.cedar": '@id("all") permit (principal, action, resource);'}
    revision = policies.revision_of(texts)
    book = policies.read(revision, texts)
    assert policies.read(revision, dict(texts)) is book
    forged = {"10.cedar": texts["10.cedar"].replace("permit", "forbid")}
    with pytest.raises(policies.Unreadable):
        policies.read(revision, forged)
    assert policies.read(revision, texts) is book
