"""Evidence as it is kept for replay."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from assent.core.canonical import Json, canonical_bytes
from assent.core.device import Device
from assent.core.device_key import ApprovalSignature
from assent.core.evidence import (
    Authentication,
    Connection,
    Evidence,
    Known,
    Presence,
    SessionSoFar,
    evidence_from_json,
)
from assent.core.familiarity import Familiarity, Magnitude
from assent.core.grant import Delegation
from assent.core.ids import ApprovalId, DeviceKeyId, RequestId, SubjectId
from assent.core.impact import Impact, TableImpact
from assent.core.network import Network, Sighting
from assent.core.request import Approval, Verdict
from assent.core.scope import Budget, Scope, Terms
from assent.core.security_event import SecurityEvent
from builders import ANA, MINUTE, NOON, SHOP, a_grant

LABELLED = replace(
    SHOP,
    labels={"public.straße": frozenset({"pii.name", "secret"}), "public.注文": frozenset()},
    owners=frozenset({"dba", "büro"}),
    resource_owners={"public.straße": frozenset({"büro"}), "sales.*": frozenset()},
)
FULL = Evidence(
    NOON,
    ANA,
    LABELLED,
    Authentication("password", NOON, NOON - MINUTE),
    Connection("10.0.0.1", "psql"),
    {"sql.read public.straße": 3, "sql.delete public.注文": 0},
    (a_grant(),),
    approvals=(
        Approval(
            ApprovalId("apr_1"),
            RequestId("req_1"),
            SubjectId("sub_ben"),
            Verdict.OFFER,
            "sha256:00",
            NOON,
            terms=Terms(30 * MINUTE, Scope(read_only=True), Budget(writes=5)),
            signature=ApprovalSignature("ed25519", DeviceKeyId("dky_1"), "shown", "c2ln"),
            in_place_of=SubjectId("sub_dora"),
        ),
    ),
    approvers={"sub_ben": replace(ANA, name="ben")},
    delegations={"sub_ben": (Delegation(SubjectId("sub_dora"), "büro"),)},
    reason="why",
    ticket="OPS-1",
    unavailable=frozenset({"device", "events"}),
    not_configured=frozenset({"lists"}),
    network=Network("10.0.0.1", asn=64500, zones=frozenset({"b", "a"})),
    device=Device("SHA256:x", managed=None, firewall=False, reported_at=NOON),
    session=SessionSoFar(actions=3, previous="sql.read", suspicion_mb=-4, opened_at=NOON),
    presence=Presence(Sighting(1), None, (Sighting(2), Sighting(3)), 4),
    known=Known(
        {"network": Familiarity("network", ("10.0.0.1", "ÖBB"), (1, 2, 3, 4, 5), days=(3, 1))},
        {"rows": Magnitude("rows", 12, 1, 2, 3, 4, 5, 6)},
        sessions=7,
        days=2,
    ),
    events=(SecurityEvent("session-revoked", ANA.id, NOON, "idp"),),
    local_offset_min=-210,
    tenure_days=0,
    verified_by="hr",
    verified_at=NOON - MINUTE,
    impact=Impact(rows=10**12, tables=(TableImpact("sql.delete", "public.orders", 5),)),
    medium_from=20,
    high_from=70,
    ticket_said="open",
    asked_at=NOON - MINUTE,
)


def kept(evidence: Evidence) -> Any:
    """Return what a log gives back of the evidence."""
    return json.loads(canonical_bytes(evidence.to_json()))


def test_evidence_that_was_kept_is_the_same_evidence() -> None:
    assert evidence_from_json(kept(FULL)) == FULL


def test_the_least_evidence_is_kept_as_well() -> None:
    least = Evidence(NOON, ANA)
    assert evidence_from_json(kept(least)) == least


def test_what_is_kept_names_what_it_saw() -> None:
    found = kept(FULL)
    assert found["subject"]["id"] == ANA.id
    assert found["grants"][0]["id"] == "grt_1"
    assert found["history"] == [["sql.delete public.注文", 0], ["sql.read public.straße", 3]]
    assert found["target"]["labels"] == [
        ["public.straße", ["pii.name", "secret"]],
        ["public.注文", []],
    ]
    assert found["unavailable"] == ["device", "events"]


def test_what_is_not_there_is_said_to_be_not_there() -> None:
    found = kept(Evidence(NOON, ANA))
    assert [found[name] for name in ("target", "network", "device", "session", "known")] == [
        None
    ] * 5


def test_the_same_evidence_gives_the_same_bytes_whatever_the_order_of_its_sets() -> None:
    turned = replace(
        FULL,
        history=dict(list(FULL.history.items())[::-1]),
        unavailable=frozenset(sorted(FULL.unavailable, reverse=True)),
        target=replace(LABELLED, labels=dict(list(LABELLED.labels.items())[::-1])),
    )
    assert canonical_bytes(turned.to_json()) == canonical_bytes(FULL.to_json())


def without(name: str) -> dict[str, Json]:
    return {key: value for key, value in FULL.to_json().items() if key != name}


@pytest.mark.parametrize(
    "content",
    [
        {},
        without("at"),
        without("subject"),
        {**FULL.to_json(), "history": 5},
        {**FULL.to_json(), "history": ["once"]},
        {**FULL.to_json(), "history": [["sql.read a", 1, 2]]},
        {**FULL.to_json(), "history": {"sql.read a": 1}},
        {**FULL.to_json(), "medium_from": "25"},
        {**FULL.to_json(), "target": {"name": "shop"}},
        {**FULL.to_json(), "target": {"labels": [[[], []]]}},
        # As version 0.1 wrote it: the ids only.
        {**FULL.to_json(), "subject": "sub_ana", "target": "tgt_shop"},
        {**FULL.to_json(), "target": "tgt_shop"},
        [],
        None,
    ],
)
def test_anything_else_is_refused_as_not_of_this_shape(content: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        evidence_from_json(content)
