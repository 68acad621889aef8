"""Entries: what a person wrote is payload, what stays for ever is ids, digests and outcomes."""

import json
from dataclasses import replace

from assent.control import entries
from assent.core.action import Action
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.canonical import canonical_bytes
from assent.core.decision import Deny, Obligation, Permit, ReasonRemedy
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Evidence
from assent.core.ids import ApprovalId, EntryId
from assent.core.request import Approval, Verdict
from builders import ANA, BEN, NOON, SHOP, CountingIds, a_grant, a_request, an_action

IDS = CountingIds()
WRITTEN = "xyzzy"
ACTION: Action = replace(
    an_action("sql.delete", text=WRITTEN, details={"note": WRITTEN}), parameters=(WRITTEN, None)
)
REQUEST = replace(
    a_request(ACTION), reason=WRITTEN, ticket=WRITTEN, outcome=WRITTEN, messages=(WRITTEN,)
)
RISK = Assessment(5, RiskLevel.LOW, (Factor("what", 5, WRITTEN),))
EVIDENCE = Evidence(NOON, ANA, SHOP, reason=WRITTEN)
PERMIT = Permit("rev", ("p",), (Obligation("record", "", "p"),))
DENY = Deny("rev", "remedy-needed", (WRITTEN,), ("p",), (ReasonRemedy(),))


def every() -> list[Entry]:
    approval = Approval(
        ApprovalId("apr_1"), REQUEST.id, BEN.id, Verdict.APPROVE, "sha256:00", NOON, WRITTEN
    )
    grant = replace(a_grant(), reason=WRITTEN, revoked_because=WRITTEN)
    decisions = [
        entries.decision(
            EntryId("ent_1"), ACTION, decision, RISK, EVIDENCE, request=None, reusable=False
        )
        for decision in (PERMIT, DENY)
    ]
    return [
        entries.attempt(IDS, ACTION, NOON, None),
        *decisions,
        entries.result(IDS, ACTION, NOON, None, {"outcome": "done"}),
        entries.of_request(IDS, EntryKind.REQUEST_OPENED, REQUEST, NOON),
        entries.of_approval(IDS, approval, REQUEST),
        entries.of_met_remedy(IDS, REQUEST, "reason", NOON, ANA.id, EntryId("ent_2")),
        entries.of_grant(IDS, EntryKind.GRANT_ISSUED, grant, NOON, None),
        entries.of_grant(IDS, EntryKind.GRANT_REVOKED, grant, NOON, BEN.id),
    ]


def test_no_fact_holds_what_a_person_wrote() -> None:
    for entry in every():
        assert WRITTEN not in json.dumps(dict(entry.facts)), entry.kind


def test_every_entry_is_in_the_canonical_profile() -> None:
    for entry in every():
        canonical_bytes(dict(entry.facts))
        canonical_bytes(dict(entry.payload or {}))


def test_attempt_decision_and_result_of_an_action_name_each_other() -> None:
    found = {entry.facts["action"] for entry in every()[:4]}
    assert found == {ACTION.id}


def test_a_decision_names_its_policies_its_revision_and_its_score() -> None:
    permit, deny = every()[1:3]
    assert permit.facts["outcome"] == "permit"
    assert deny.facts["outcome"] == "deny"
    assert deny.facts["code"] == "remedy-needed"
    for entry in (permit, deny):
        assert (entry.facts["policies"], entry.facts["revision"]) == (["p"], "rev")
        assert entry.facts["score"] == 5


def test_an_approval_is_bound_to_a_digest_in_the_leaf() -> None:
    approval = next(entry for entry in every() if entry.kind is EntryKind.APPROVAL)
    assert approval.facts["digest"] == "sha256:00"
    assert approval.subject == BEN.id


def test_a_grant_names_its_holder_whoever_ended_it() -> None:
    revoked = every()[-1]
    assert (revoked.subject, revoked.facts["holder"]) == (BEN.id, ANA.id)
