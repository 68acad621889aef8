from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.action import Operation, Phase, Touch
from assent.core.canonical import Json
from assent.core.device import Device
from assent.core.evidence import Authentication, Connection, SessionSoFar
from assent.core.grant import Grant, GrantKind
from assent.core.ids import GrantId, SessionId, SubjectId, TargetId
from assent.core.impact import Impact
from assent.core.network import Network
from assent.core.resource import Resource
from assent.policy.facts import (
    COMPLIANT_PATCH_DAYS,
    EVERY_FACT,
    MANY_ROWS,
    NEVER_S,
    Moment,
    context,
)
from policy_builders import ANA, NOW, SHOP, action, evidence, risk, touch

READ = touch("sql.read", "public.customers", "email")


def moment() -> Moment:
    return Moment(action(READ), READ, evidence(), risk(0), NOW)


def fact(name: str, at: Moment) -> Json:
    group, _, attribute = name.partition(".")
    return context(at, frozenset({name}))[group][attribute]


def grant(subject: str = ANA.id, target: str = SHOP.id) -> Grant:
    return Grant(
        GrantId("grt_1"),
        SubjectId(subject),
        TargetId(target),
        NOW - timedelta(hours=1),
        NOW + timedelta(hours=1),
    )


def test_only_the_facts_that_are_needed_are_in_the_context() -> None:
    assert context(moment(), frozenset({"risk.score"})) == {"risk": {"score": 0}}
    assert context(moment(), frozenset()) == {}


def test_every_fact_has_a_value_even_where_nothing_is_known() -> None:
    facts = context(moment(), EVERY_FACT)
    assert sum(map(len, facts.values())) == len(EVERY_FACT)


def test_a_touch_that_the_text_does_not_name_says_by_what_it_is() -> None:
    through = replace(READ, through="view public.totals")
    at = replace(moment(), touch=through)
    assert fact("touch.through", at) == "view public.totals"
    assert fact("touch.direct", at) is False
    assert fact("touch.direct", moment()) is True


def test_the_rows_estimated_are_those_that_were_measured() -> None:
    for impact, rows in ((Impact(rows=0), 0), (Impact(rows=7), 7)):
        at = replace(moment(), evidence=replace(evidence(), impact=impact))
        assert fact("statement.rows_estimated", at) == rows


def test_rows_that_could_not_be_estimated_are_more_than_any_policy_allows() -> None:
    for impact in (None, Impact(), Impact(unavailable="the target was busy")):
        at = replace(moment(), evidence=replace(evidence(), impact=impact))
        assert fact("statement.rows_estimated", at) == MANY_ROWS


def test_what_moves_no_rows_or_is_not_run_yet_needs_no_estimate() -> None:
    setting = Touch("sql.session", Operation.READ, Resource("Setting", "timezone"))
    assert fact("statement.rows_estimated", replace(moment(), touch=setting)) == 0
    prepared = replace(moment().action, phase=Phase.PREPARE)
    assert fact("statement.rows_estimated", replace(moment(), action=prepared)) == 0


def test_ages_that_are_not_known_are_very_great() -> None:
    assert fact("authentication.age_s", moment()) == NEVER_S
    assert fact("authentication.step_up_age_s", moment()) == NEVER_S
    assert fact("authentication.method", moment()) == ""


def test_ages_count_from_the_proof_and_never_below_nothing() -> None:
    proof = Authentication("oidc", NOW - timedelta(seconds=60), NOW + timedelta(seconds=5))
    at = replace(moment(), evidence=replace(evidence(), authentication=proof))
    assert fact("authentication.age_s", at) == 60
    assert fact("authentication.step_up_age_s", at) == 0
    assert fact("authentication.method", at) == "oidc"


def test_a_proof_that_cannot_be_phished_is_that_of_a_passkey() -> None:
    resists = "authentication.phishing_resistant"
    assert fact(resists, moment()) is False
    for method, by, expected in (
        ("passkey", "", True),
        ("session-credential", "passkey", True),
        ("password", "password+totp", False),
        ("session-credential", "", False),
    ):
        proof = Authentication(method, NOW, NOW, by)
        at = replace(moment(), evidence=replace(evidence(), authentication=proof))
        assert fact(resists, at) is expected


def test_the_time_is_in_utc() -> None:
    at = moment()
    assert [fact(f"time.{name}", at) for name in ("hour", "weekday", "weekend")] == [3, 7, True]


def test_what_was_done_before_is_not_the_first_time() -> None:
    known = replace(evidence(), history={"sql.read public.customers": 2})
    assert fact("history.first_time", moment()) is True
    assert fact("history.first_time", replace(moment(), evidence=known)) is False


def test_an_unknown_history_counts_as_the_first_time_and_says_that_it_is_unknown() -> None:
    known = {"sql.read public.customers": 2}
    unknown = replace(evidence(), history=known, unavailable=frozenset({"history"}))
    at = replace(moment(), evidence=unknown)
    assert fact("history.first_time", at) is True
    assert fact("history.known", at) is False


@pytest.mark.parametrize(
    ("text", "seconds"), [("3600", 3600), ("x", NEVER_S), ("-1", NEVER_S), ("9" * 30, NEVER_S)]
)
def test_a_span_asked_for_that_is_no_number_is_for_ever(text: str, seconds: int) -> None:
    at = replace(moment(), action=action(READ, details={"for_s": text}))
    assert fact("request.for_s", at) == seconds


def test_a_grant_is_active_only_for_this_person_this_target_and_now() -> None:
    def is_active(one: Grant) -> bool:
        at = replace(moment(), evidence=replace(evidence(), grants=(one,)))
        return fact("grant.active", at) is True

    assert is_active(grant())
    assert not is_active(grant(subject="sub_ben"))
    assert not is_active(grant(target="tgt_other"))
    assert not is_active(replace(grant(), ends_at=NOW))
    assert not is_active(replace(grant(), revoked_at=NOW))


def test_the_rest_says_what_the_action_and_the_evidence_say() -> None:
    facts = replace(
        evidence(reason="because"),
        connection=Connection("10.0.0.1", "psql"),
        network=Network("10.0.0.1", asn=64500, zones=frozenset({"office"})),
    )
    what = replace(action(READ), phase=Phase.PREPARE, in_transaction=True)
    at = replace(moment(), action=what, evidence=facts, assessment=risk(60))
    assert context(at, EVERY_FACT) | {
        "time": {},
        "history": {},
        "authentication": {},
        "device": {},
    } == {
        "statement": {
            "kind": "sql.read",
            "has_where": True,
            "complete": True,
            "functions": [],
            "rows_estimated": 0,
        },
        "touch": {
            "arguments": [],
            "columns": ["email"],
            "labels": ["crown", "pii"],
            "direct": True,
            "through": "",
        },
        "risk": {"score": 60, "level": "high", "attacker": "", "confidence": "low"},
        "network": {
            "known": True,
            "asn": 64500,
            "country": "",
            "zones": ["office"],
            "lists": [],
        },
        "device": {},
        "time": {},
        "session": {"in_transaction": True, "phase": "prepare", "age_s": 0},
        "grant": {"active": False, "break_glass": False},
        "authentication": {},
        "program": {"on_behalf_of": "", "owner": "", "task": ""},
        "connection": {"address": "10.0.0.1", "application": "psql", "door": "gateway"},
        "request": {
            "reason": True,
            "ticket": False,
            "ticket_verified": False,
            "for_s": 0,
            "verbs": ["*"],
            "resources": ["*"],
            "read_only": False,
            "first_use": False,
            "window": False,
        },
        "history": {},
    }


def asking(**details: str) -> Moment:
    return replace(moment(), action=action(READ, details=details), verbs=frozenset({"sql.read"}))


def test_what_access_is_asked_for_is_what_was_named() -> None:
    at = asking(verbs="sql.read sql.insert", resources="sales.* public.orders", read_only="true")
    assert fact("request.verbs", at) == ["sql.insert", "sql.read"]
    assert fact("request.resources", at) == ["public.orders", "sales.*"]
    assert fact("request.read_only", at) is True


def test_who_names_nothing_asks_for_everything() -> None:
    assert fact("request.verbs", asking(verbs=" ")) == ["*", "sql.read"]
    assert fact("request.resources", asking()) == ["*"]
    assert fact("request.read_only", asking(read_only="yes")) is False


@pytest.mark.parametrize(
    ("starts", "first_use"), [("", False), ("approval", False), ("first-use", True), ("?", True)]
)
def test_a_beginning_that_is_not_known_is_the_later_one(starts: str, first_use: bool) -> None:
    assert fact("request.first_use", asking(starts=starts)) is first_use


def test_hours_that_come_again_are_told_from_one_span() -> None:
    assert fact("request.window", asking(window="mon-fri 22:00-06:00 UTC")) is True
    assert fact("request.window", asking(window="")) is False


@pytest.mark.parametrize("said", ["", "open", "closed", "unknown", "unavailable"])
def test_a_ticket_is_verified_only_where_the_tracker_says_that_it_is_open(said: str) -> None:
    facts = replace(evidence(), ticket="OPS-1", ticket_said=said)
    assert fact("request.ticket_verified", replace(moment(), evidence=facts)) is (said == "open")
    without = replace(facts, ticket=" ")
    assert fact("request.ticket_verified", replace(moment(), evidence=without)) is False


def test_a_session_is_as_old_as_it_is_and_very_old_where_that_is_not_known() -> None:
    inside = replace(moment(), action=replace(moment().action, session=SessionId("ses_1")))
    assert fact("session.age_s", inside) == NEVER_S
    opened = SessionSoFar(opened_at=NOW - timedelta(hours=2))
    at = replace(inside, evidence=replace(evidence(), session=opened))
    assert fact("session.age_s", at) == 7200
    assert fact("session.age_s", moment()) == 0


def test_only_a_grant_of_access_is_active_and_one_taken_in_an_emergency_says_so() -> None:
    def facts(kind: GrantKind) -> tuple[Json, Json]:
        one = replace(grant(), kind=kind)
        at = replace(moment(), evidence=replace(evidence(), grants=(one,)))
        return fact("grant.active", at), fact("grant.break_glass", at)

    assert facts(GrantKind.ACCESS) == (True, False)
    assert facts(GrantKind.BREAK_GLASS) == (True, True)
    assert facts(GrantKind.PLAN) == facts(GrantKind.DELEGATION) == (False, False)


def test_a_device_is_what_it_says_and_what_it_does_not_say_it_is_not() -> None:
    def of(name: str, device: Device | None) -> object:
        about = replace(moment(), evidence=replace(evidence(), device=device))
        return fact(f"device.{name}", about)

    kept = Device(
        "key_1",
        reported_at=NOW - timedelta(minutes=1),
        patch_age_days=COMPLIANT_PATCH_DAYS,
        disk_encrypted=True,
        screen_lock=True,
        firewall=True,
    )
    assert (of("bound", kept), of("compliant", kept), of("report_age_s", kept)) == (True, True, 60)
    assert of("managed", kept) is False
    for less in (
        replace(kept, firewall=None),
        replace(kept, disk_encrypted=False),
        replace(kept, patch_age_days=COMPLIANT_PATCH_DAYS + 1),
        Device("key_1"),
    ):
        assert of("compliant", less) is False
        assert of("bound", less) is True
    assert (of("bound", None), of("key", None)) == (False, "")
    assert of("patch_age_days", None) == NEVER_S
