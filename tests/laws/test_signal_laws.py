"""Laws of the signals: any evidence gives bounded numbers, and a missing source never helps."""

import math
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.device import Device
from assent.core.evidence import Connection, Evidence, Known, Presence, SessionSoFar
from assent.core.evidence import evidence_from_json as from_json
from assent.core.familiarity import Familiarity, Magnitude
from assent.core.ids import ActionId, SubjectId
from assent.core.network import Network, Sighting
from assent.core.resource import Resource
from assent.core.security_event import SecurityEvent
from assent.core.signal import ATTACKERS, Signal, SignalStatus
from assent.core.subject import Subject, SubjectKind
from assent.signals import SIGNALS, new_network
from assent.signals.aspects import aspects, previous_of
from assent.signals.impossible_travel import travel
from assent.signals.otherwise import alternatives
from assent.signals.security_events import EVENTS
from assent.signals.weighing import MOST_MB
from signal_evidence import NOON, NOON_S, SHOP

MOST_COUNT = 10**7
DEEP = {
    "network": 4,
    "device": 3,
    "client": 2,
    "hour": 3,
    "resource": 3,
    "action": 3,
    "step": 1,
    "privilege": 1,
    "purpose": 1,
}
RESTS_ON = {
    "network": {
        "new_network",
        "network_reputation",
        "impossible_travel",
        "credential_moved",
        "concurrent_sessions",
    },
    "device": {"new_device", "device_posture"},
    "session": {"session_so_far", "failures"},
    "known": {
        "new_client",
        "first_time_resource",
        "first_time_action",
        "rare_sequence",
        "volume",
        "fan_out",
        "pace",
        "off_hours",
        "new_privilege",
        "slow_drift",
        "people_said",
    },
    "target": set[str](),
}
"""Kind of evidence → the signals that cannot be measured without it."""

few = settings(max_examples=50)

texts = st.text(max_size=12) | st.just("x" * 400) | st.just("a\x1b[2J\n\u202e\ud800")
counts = st.integers(0, MOST_COUNT)
numbers = st.integers(-(10**6), 10**6) | st.integers(-(2**63), 2**63)
moments = st.integers(-(10**8), 10**8).map(lambda seconds: NOON + timedelta(seconds=seconds))
places = st.none() | st.integers(-1_800_000, 1_800_000)
lists = st.frozensets(st.sampled_from(["hosting", "vpn", "proxy", "tor", "new\nkind"]))
zones = st.frozensets(texts, max_size=2)
aspects_of_network = st.frozensets(st.sampled_from(["asn", "place", "zones", "lists", "reports"]))

networks = st.builds(
    Network,
    address=texts | st.sampled_from(["203.0.113.7", "10.0.0.1", "::1"]),
    prefix=texts,
    asn=st.none() | st.integers(0, 2**32),
    country=texts | st.sampled_from(["FR", "DE"]),
    city=texts,
    latitude_e4=places,
    longitude_e4=places,
    accuracy_km=numbers,
    zones=zones,
    lists=lists,
    reports=numbers,
    unavailable=aspects_of_network,
)
sightings = st.builds(
    Sighting,
    at_s=st.integers(NOON_S - 10**8, NOON_S + 10**6) | numbers,
    address=texts | st.sampled_from(["203.0.113.7", "10.0.0.1", "::1"]),
    prefix=texts,
    asn=st.none() | st.integers(64500, 64502),
    country=st.sampled_from(["", "FR", "DE"]),
    city=texts,
    latitude_e4=places,
    longitude_e4=places,
    accuracy_km=st.integers(-10, 10_000),
    lists=lists,
    zones=zones,
)
devices = st.builds(
    Device,
    key=texts,
    model=texts,
    system=texts,
    managed=st.none() | st.booleans(),
    reported_at=st.none() | moments,
    patch_age_days=st.none() | numbers,
    disk_encrypted=st.none() | st.booleans(),
    screen_lock=st.none() | st.booleans(),
    firewall=st.none() | st.booleans(),
)
sessions = st.builds(
    SessionSoFar,
    actions=numbers,
    errors=numbers,
    denials=numbers,
    rows=numbers,
    bytes=numbers,
    tables=numbers,
    in_last_minute=numbers,
    previous=texts,
    suspicion_mb=numbers,
)
presences = st.builds(
    Presence,
    st.none() | sightings,
    st.none() | sightings,
    st.lists(sightings, max_size=3).map(tuple),
    numbers,
)
events = st.builds(
    SecurityEvent,
    st.sampled_from([*EVENTS, "risk-level-change"]) | texts,
    st.just(SubjectId("sub_ana")),
    moments,
    texts,
    st.sampled_from(["", "low", "medium", "high"]) | texts,
)


@st.composite
def familiarities(draw: st.DrawFn, name: str) -> Familiarity:
    """Return counts of one person among others: whoever shows a value shows the wider ones."""
    deep = DEEP[name]
    chain = tuple(draw(st.lists(texts, min_size=deep, max_size=deep)))
    drawn = draw(st.lists(counts, min_size=3 * (2 * deep + 1), max_size=3 * (2 * deep + 1)))
    own, peers, others = (_ordered(drawn[part::3], deep) for part in range(3))
    every = tuple(a + b for a, b in zip(own, others, strict=True))
    days = (draw(st.integers(0, 3)),) * deep
    match draw(st.integers(0, 2)):
        case 0:
            return Familiarity(name, chain, (), (), others, days)
        case 1:
            return Familiarity(name, chain, own, (), every, days)
        case _:
            return Familiarity(name, chain, own, peers, every, days)


def _ordered(drawn: list[int], deep: int) -> tuple[int, ...]:
    *levels, total = sorted(drawn[: deep + 1])
    return (*levels, *drawn[deep + 1 :], total)


magnitudes = st.builds(
    Magnitude,
    st.just("any"),
    st.integers(0, 10**18),
    counts,
    counts,
    counts,
    counts,
    counts,
    counts,
)
known = st.builds(
    Known,
    st.fixed_dictionaries({}, optional={name: familiarities(name) for name in DEEP}),
    st.dictionaries(st.sampled_from(["rows", "bytes", "fanout", "pace", "magnitude"]), magnitudes),
    st.integers(0, 10**6),
    st.integers(0, 10**4),
    numbers,
    numbers,
    st.integers(0, 10**6),
)
subjects = st.builds(
    Subject,
    id=st.just(SubjectId("sub_ana")),
    name=texts,
    kind=st.sampled_from(SubjectKind),
    groups=st.frozensets(texts, max_size=3),
    verified=st.booleans(),
)
kinds = st.frozensets(
    st.sampled_from(
        [
            "network",
            "place",
            "lists",
            "device",
            "session",
            "presence",
            "history",
            "events",
            "target",
        ]
    ),
    max_size=3,
)
evidences = st.builds(
    Evidence,
    at=st.just(NOON),
    subject=subjects,
    target=st.none() | st.just(SHOP),
    reason=texts,
    ticket=texts,
    unavailable=st.just(frozenset()) | kinds,
    not_configured=st.just(frozenset()) | kinds,
    network=st.none() | networks,
    device=st.none() | devices,
    session=st.none() | sessions,
    presence=presences,
    known=st.none() | known,
    events=st.lists(events, max_size=4).map(tuple),
    local_offset_min=st.none() | numbers,
    verified_by=texts,
    verified_at=st.none() | moments,
)
touches = st.builds(
    Touch,
    st.sampled_from(["sql.read", "sql.delete", "access.request"]) | texts,
    st.sampled_from(Operation),
    st.builds(Resource, st.sampled_from(["Table", "Function"]), texts),
    st.frozensets(texts, max_size=3),
)
actions = st.builds(
    Action,
    st.just(ActionId("act_1")),
    st.just(SubjectId("sub_ana")),
    st.builds(
        Statement,
        st.sampled_from(["sql.read", "sql.delete", "access.request"]),
        st.lists(touches, max_size=12).map(tuple),
        st.booleans(),
        has_where=st.booleans(),
    ),
    target=st.none() | st.just(SHOP.id),
    parameters=st.lists(st.none() | texts, max_size=3).map(tuple),
)


def is_sound(signal: Signal, name: str) -> bool:
    """Return whether a signal is one that people can read and sums can be made of."""
    return (
        signal.name == name
        and len(signal.weights) in (0, len(ATTACKERS))
        and all(isinstance(weight, int) and abs(weight) <= MOST_MB for weight in signal.weights)
        and 0 <= signal.harm <= 100
        and 0 <= signal.floor <= 100
        and 0 < len(signal.reason) <= 300
        and not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in signal.reason)
        and "\u202e" not in signal.reason
    )


@few
@given(actions, evidences)
def test_any_evidence_gives_sound_signals(action: Action, evidence: Evidence) -> None:
    for plugin in SIGNALS:
        signal = plugin.measure(action, evidence, NOON)
        assert is_sound(signal, plugin.name), signal
        if signal.status is SignalStatus.UNAVAILABLE:
            assert min(signal.weights, default=0) >= 0, signal


@few
@given(actions, evidences, st.sampled_from(["network", "device", "session", "known", "target"]))
def test_what_lost_its_source_never_speaks_for_the_person(
    action: Action, evidence: Evidence, source: str
) -> None:
    kind = "history" if source == "known" else source
    lost = replace(evidence, unavailable=evidence.unavailable | {kind}, **{source: None})
    for plugin in SIGNALS:
        signal = plugin.measure(action, lost, NOON)
        if plugin.name in RESTS_ON[source]:
            assert signal.status is SignalStatus.UNAVAILABLE, signal
            assert min(signal.weights, default=0) >= 0, signal
            assert max(signal.weights, default=0) + signal.harm > 0, signal


@few
@given(actions, evidences)
def test_evidence_that_was_kept_gives_the_same_signals(action: Action, evidence: Evidence) -> None:
    kept = from_json(evidence.to_json())
    for plugin in SIGNALS:
        assert plugin.measure(action, kept, NOON) == plugin.measure(action, evidence, NOON)


@given(sightings, sightings)
def test_the_way_there_is_as_possible_as_the_way_back(one: Sighting, other: Sighting) -> None:
    there, back = travel(one, other), travel(other, one)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert math.isclose(there.kmh, back.kmh, rel_tol=1e-9)
        assert math.isclose(there.bits, back.bits, rel_tol=1e-9)


@given(st.sampled_from(["FR", "KP", "NG", "US"]), st.integers(1000, MOST_COUNT))
def test_a_country_that_all_are_used_to_adds_nothing(country: str, often: int) -> None:
    def told(code: str) -> tuple[int, ...]:
        chain = ("203.0.113.7", "203.0.113.0/24", "AS64500", code)
        own = (*(often,) * 4, *(1000,) * 4, often)
        seen = Familiarity("network", chain, own, own, own, (3,) * 4)
        network = Network("203.0.113.7", "203.0.113.0/24", 64500, country=code)
        evidence = Evidence(NOON, SUBJECT, network=network, known=Known({"network": seen}))
        return new_network.measure(NOTHING, evidence, NOON).weights

    assert told(country) == told("FR")
    assert max(told(country), default=0) <= 0


SUBJECT = Subject(SubjectId("sub_ana"), "ana")
NOTHING = Action(ActionId("act_1"), SUBJECT.id, Statement("sql.read", (), True))


@few
@given(actions, evidences)
def test_every_alternative_takes_something_away_and_adds_nothing(
    action: Action, evidence: Evidence
) -> None:
    measured = {one.name: one for one in (p.measure(action, evidence, NOON) for p in SIGNALS)}
    for one in alternatives(action, evidence, list(measured.values())):
        assert one.replaced
        for then in one.replaced:
            now = measured[then.name]
            assert is_sound(then, then.name)
            assert then.harm <= now.harm
            assert then.floor <= now.floor
            if now.weights and then.weights:
                assert all(a <= b for a, b in zip(then.weights, now.weights, strict=True))


@few
@given(actions, evidences, texts)
def test_aspects_are_few_short_and_the_same_every_time(
    action: Action, evidence: Evidence, application: str
) -> None:
    def seen() -> list[object]:
        return list(
            aspects(
                action,
                target=evidence.target,
                network=evidence.network,
                device=evidence.device,
                connection=Connection("", application),
                session=evidence.session,
                groups=evidence.subject.groups,
                at=NOON,
                local_offset_min=evidence.local_offset_min,
                reason=evidence.reason,
                ticket=evidence.ticket,
                rows_estimated=evidence.impact.rows if evidence.impact else None,
            )
        )

    found = seen()
    assert found == seen()
    assert len(found) <= 64
    for one in found:
        chain, amount = getattr(one, "chain"), getattr(one, "amount")  # noqa: B009
        assert bool(chain) != (amount >= 0)
        assert all(len(value) < 300 for value in chain)
    assert isinstance(previous_of(action), str)


@few
@given(actions, evidences)
def test_more_reports_and_failures_never_speak_for_the_person(
    action: Action, evidence: Evidence
) -> None:
    worse = replace(evidence, presence=replace(evidence.presence, failures=10**6))
    if evidence.network is not None:
        worse = replace(worse, network=replace(evidence.network, reports=10**6))
    for plugin in SIGNALS:
        before = plugin.measure(action, evidence, NOON).weights or (0,) * len(ATTACKERS)
        after = plugin.measure(action, worse, NOON).weights or (0,) * len(ATTACKERS)
        assert all(b >= a for a, b in zip(before, after, strict=True)), plugin.name
