"""Evidence as it is kept for replay."""

from dataclasses import replace

from assent.core.canonical import canonical_bytes
from assent.core.evidence import Authentication, Connection, Evidence
from builders import ANA, MINUTE, NOON, SHOP, a_grant


def test_evidence_is_in_the_canonical_profile_and_names_what_it_saw() -> None:
    evidence = Evidence(
        NOON,
        ANA,
        SHOP,
        Authentication("password", NOON, NOON - MINUTE),
        Connection("10.0.0.1", "psql"),
        {"sql.read public.orders": 3},
        (a_grant(),),
        reason="why",
        unavailable=frozenset({"devices"}),
    )
    kept = evidence.to_json()
    assert canonical_bytes(kept)
    assert kept["subject"] == ANA.id
    assert kept["grants"] == ["grt_1"]
    assert kept["history"] == [["sql.read public.orders", 3]]
    assert kept["unavailable"] == ["devices"]


def test_what_is_not_there_is_said_to_be_not_there() -> None:
    kept = replace(Evidence(NOON, ANA), target=None).to_json()
    assert (kept["target"], kept["authentication"], kept["approvals"]) == (None, None, [])
