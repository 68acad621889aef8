"""Events are what OCSF 1.8.0 asks of their classes, and say where in the log they stand."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from assent.audit.ocsf import MOST_FACTS
from assent.core.entry import Entry, EntryKind
from exported_events import NAMING, ORIGIN, leaf_of, one_of, told, touch
from log_of_effects import LogOfEffects

# What schema.ocsf.io says of version 1.8.0: attributes that every event has, those that each
# class asks for, of which groups one is needed, and the activities that a class knows.
EVERY = ("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid")
REQUIRED: dict[int, tuple[str, ...]] = {
    0: (),
    2004: ("finding_info",),
    3002: ("user",),
    3003: ("user",),
    3004: ("entity",),
    3005: ("user",),
    6002: ("app",),
    6003: ("actor", "api", "src_endpoint"),
    6005: ("actor", "src_endpoint"),
}
ONE_OF: dict[int, tuple[str, ...]] = {
    3002: ("service", "dst_endpoint"),
    3003: ("privileges", "groups", "iam_roles"),
    6005: ("database", "databucket", "table"),
}
ACTIVITIES = {
    0: (0, 99),
    2004: (0, 1, 2, 3, 99),
    3002: (0, 1, 2, 3, 4, 5, 99),
    3003: (0, 1, 2, 3, 99),
    3004: (0, 1, 2, 3, 4, 99),
    3005: (0, 1, 2, 3, 4, 99),
    6002: (0, 1, 2, 3, 4, 99),
    6003: (0, 1, 2, 3, 4, 99),
    6005: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99),
}
OBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # Object → what it requires, and of what it needs one.
    "metadata": (("product", "version"), ()),
    "api": (("operation",), ()),
    "actor": ((), ("process", "user", "session", "app_name", "app_uid")),
    "user": ((), ("name", "uid", "account")),
    "src_endpoint": ((), ("ip", "uid", "name", "hostname", "svc_name")),
    "dst_endpoint": ((), ("ip", "uid", "name", "hostname", "svc_name")),
    "database": (("type_id",), ("name", "uid")),
    "table": ((), ("name", "uid")),
    "entity": ((), ("name", "uid")),
    "finding_info": (("uid",), ()),
    "query_info": (("query_string",), ()),
    "app": ((), ("name", "uid")),
    "service": ((), ("name", "uid")),
}


def check_schema(made: dict[str, Any]) -> None:
    uid = made["class_uid"]
    for key in (*EVERY, *REQUIRED[uid]):
        assert key in made, key
    assert made["category_uid"] == uid // 1000
    assert made["activity_id"] in ACTIVITIES[uid]
    assert made["type_uid"] == uid * 100 + made["activity_id"]
    assert not ONE_OF.get(uid) or any(key in made for key in ONE_OF[uid])
    assert isinstance(made["time"], int)
    assert made["severity_id"] in range(7)
    for name, (all_of, one_of_them) in OBJECTS.items():
        if name in made:
            assert all(key in made[name] for key in all_of), name
            assert not one_of_them or any(key in made[name] for key in one_of_them), name
    assert all("type" in one or "name" in one for one in made.get("resources", ()))


@pytest.mark.parametrize("kind", list(EntryKind))
@pytest.mark.parametrize("subject", [None, "sub_ana"])
def test_every_kind_makes_an_event_of_its_class(kind: EntryKind, subject: Any) -> None:
    made = told(replace(one_of(kind), subject=subject))
    check_schema(made)
    assert made["class_uid"] != 0
    assert made["metadata"]["event_code"] == kind


def test_a_kind_of_a_newer_program_is_an_event_all_the_same() -> None:
    leaf = leaf_of(one_of(EntryKind.LOGIN)).replace(b'"kind":"login"', b'"kind":"moon.landed"')
    from assent.audit.ocsf import Spoken, event

    made: dict[str, Any] = event(Spoken(1, leaf), NAMING)
    check_schema(made)
    assert (made["class_uid"], made["activity_name"]) == (0, "moon.landed")


def test_an_event_says_where_in_the_log_its_entry_stands() -> None:
    entry = one_of(EntryKind.LOGIN, method="password")
    proof = told(entry, index=41)["unmapped"]["assent"]
    assert proof["origin"] == ORIGIN
    assert proof["index"] == 41
    assert proof["leaf_hash"] == sha256(b"\x00" + leaf_of(entry)).hexdigest()
    assert proof["facts"] == {"method": "password"}


def test_time_is_in_milliseconds_rounded_down() -> None:
    entry = one_of(EntryKind.LOGIN)
    late = replace(entry, at=entry.at.replace(microsecond=999_999))
    assert told(late)["time"] == int(entry.at.timestamp()) * 1000 + 999


def decided(outcome: str, *, request: str | None = None, **facts: Any) -> Entry:
    made = LogOfEffects().decided("one", outcome=outcome, request=request)[1]
    return replace(made, facts={**made.facts, **facts})


ATTEMPT = {
    "text": "delete from public.orders",
    "statement": {"touches": [touch("sql.delete", "public.orders", "write")]},
}


def test_a_decision_on_a_database_is_a_datastore_activity_with_its_policies_and_its_risk() -> None:
    made = told(
        decided("permit", policies=["readers", "dba"], revision="r1", level="high", score=71),
        attempt=ATTEMPT,
        verb="sql.delete",
    )
    check_schema(made)
    assert (made["class_uid"], made["activity_name"]) == (6005, "Delete")
    assert (made["action_id"], made["disposition_id"], made["status_id"]) == (1, 1, 1)
    assert [one["policy"]["uid"] for one in made["authorizations"]] == ["readers", "dba"]
    assert made["authorizations"][0]["policy"]["version"] == "r1"
    assert (made["risk_score"], made["risk_level_id"], made["severity_id"]) == (71, 3, 4)
    assert made["table"] == {"name": "public.orders"}
    assert made["database"]["name"] == "shop"
    assert made["actor"]["user"] == {"uid": "sub_ana", "name": "ana"}


@pytest.mark.parametrize(
    ("entry", "disposition"),
    [
        (decided("deny", code="no-permit"), 2),
        (decided("deny", request="req_1"), 14),
        (one_of(EntryKind.RESULT, outcome="error"), 27),
        (one_of(EntryKind.RESULT, outcome="done"), 1),
        (one_of(EntryKind.APPROVAL, verdict="approve"), 8),
        (one_of(EntryKind.APPROVAL, verdict="reject"), 25),
        (one_of(EntryKind.GRANT_REVOKED), 24),
        (one_of(EntryKind.LOGIN_REFUSED), 26),
        (one_of(EntryKind.RESULT, outcome="unknown"), None),
        (one_of(EntryKind.ATTEMPT), None),
    ],
)
def test_what_became_of_it_is_its_disposition(entry: Entry, disposition: int | None) -> None:
    assert told(entry).get("disposition_id") == disposition


def test_what_was_asked_of_the_gateway_itself_is_an_api_activity() -> None:
    entry = replace(one_of(EntryKind.ATTEMPT, verb="audit.erase"), target=None)
    made = told(entry, verb="audit.erase", attempt={})
    check_schema(made)
    assert (made["class_uid"], made["activity_id"]) == (6003, 4)
    assert made["api"]["operation"] == "audit.erase"


def test_where_a_session_came_from_is_the_source() -> None:
    opened = replace(one_of(EntryKind.SESSION_OPENED), payload={"client_address": "192.0.2.7"})
    assert told(opened)["src_endpoint"] == {"ip": "192.0.2.7"}
    assert told(decided("permit"), address="192.0.2.9")["src_endpoint"] == {"ip": "192.0.2.9"}
    evidence = {"evidence": {"connection": {"address": "192.0.2.8"}}}
    assert told(decided("permit"), content=evidence)["src_endpoint"] == {"ip": "192.0.2.8"}


def test_text_that_people_wrote_is_said_only_where_it_is_wanted() -> None:
    comment = {"comment": "it was me", "messages": ["ask first"]}
    entry = replace(one_of(EntryKind.APPROVAL, verdict="approve"), payload=comment)
    assert "it was me" not in str(told(entry))
    loud = replace(NAMING, with_text=True)
    assert told(entry, naming=loud)["status_detail"] == "it was me\nask first"
    made = told(decided("permit"), attempt=ATTEMPT, verb="sql.delete")
    assert "query_info" not in made
    made = told(decided("permit"), attempt=ATTEMPT, verb="sql.delete", naming=loud)
    assert made["query_info"]["query_string"] == "delete from public.orders"
    check_schema(made)


def test_without_names_there_are_ids_only() -> None:
    quiet = replace(NAMING, with_names=False)
    made = told(
        decided("permit"), attempt=ATTEMPT, verb="sql.delete", address="192.0.2.9", naming=quiet
    )
    check_schema(made)
    for word in ("'ana'", "'shop'", "orders", "192.0.2.9"):
        assert word not in str(made)


def test_an_entry_whose_payload_is_gone_is_told_by_its_leaf() -> None:
    made = told(decided("permit"), content=None)
    check_schema(made)
    assert made["unmapped"]["assent"]["index"] == 7


def test_an_event_has_a_size_that_collectors_take() -> None:
    entry = one_of(EntryKind.AUDIT_EXPORTED, open=["act_" + "0" * 30] * 1_000, keys=True)
    assert len(str(entry.facts)) > MOST_FACTS
    made = told(entry)
    assert made["unmapped"]["assent"]["facts"] == {"keys": True}
    many = {"statement": {"touches": [touch("sql.read", "x" * 999) for _ in range(999)]}}
    assert len(str(told(decided("permit"), attempt=many))) < 64_000
