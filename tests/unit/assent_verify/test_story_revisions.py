from unit.assent_verify.told_entries import Log, every_cut

DECISIONS = 10


def decided(log: Log, revision: str, after_s: float | None = None) -> Log:
    return log.decision("deny", revision=revision, after_s=after_s)


def test_decisions_by_the_policies_in_force_are_good() -> None:
    log = decided(Log().add("server.started", policy_revision="pol-a"), "pol-a")
    decided(log.add("policy.changed", before="pol-a", after="pol-b"), "pol-b")
    log.add("configuration.applied", policy_revision="pol-c", after="pol-c")
    decided(log, "pol-c")
    for cuts in every_cut(log):
        assert log.found(DECISIONS, *cuts) == []


def test_a_decision_by_policies_that_were_not_in_force_is_named() -> None:
    log = Log().add("server.started", policy_revision="pol-a")
    decided(decided(log, "pol-a"), "pol-x")
    for cuts in every_cut(log):
        assert log.found(DECISIONS, *cuts) == [
            (
                "failed",
                "entry 2 (`ent_2`) was decided by the policies `pol-x`, and `pol-a` was in force",
            )
        ]


def test_policies_that_were_replaced_serve_for_a_moment_more() -> None:
    log = Log().add("server.started", policy_revision="pol-a")
    log.add("policy.changed", policy_revision="pol-b", after_s=10)
    decided(decided(log, "pol-a", 30), "pol-b", 31)
    for cuts in every_cut(log):
        assert log.found(DECISIONS, *cuts) == []


def test_policies_that_were_replaced_serve_no_longer_than_that() -> None:
    log = Log().add("server.started", policy_revision="pol-a")
    log.add("policy.changed", policy_revision="pol-b", after_s=10)
    decided(log, "pol-a", 71)
    for cuts in every_cut(log):
        assert [status for status, _ in log.found(DECISIONS, *cuts)] == ["failed"]


def test_before_anything_was_declared_nothing_is_said() -> None:
    assert decided(Log(), "pol-a").found(DECISIONS) == []
