"""What every store must keep. A store passes by being listed in `test_store_suite.py`.

Each expectation takes an empty, open store; its name is a sentence that is true.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from assent.audit.checkpoint import parse_checkpoint
from assent.audit.entry import decode
from assent.audit.note import open_note, parse_verifier
from assent.audit.tree import leaf_hash, root_of
from assent.core.changes import (
    Change,
    CountHabit,
    DropLessons,
    DropToken,
    EndCredential,
    EndSession,
    ForgetSubject,
    PutApproval,
    PutCredential,
    PutGrant,
    PutLabel,
    PutLesson,
    PutProfile,
    PutRequest,
    PutSecurityEvent,
    PutSession,
    PutSubject,
    PutTarget,
    PutToken,
    RevokeGrant,
    StepUp,
    UseCredential,
)
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, OutsideFault
from assent.core.ids import (
    CredentialId,
    EntryId,
    GrantId,
    LessonId,
    RequestId,
    SessionId,
    SubjectId,
    TargetId,
    TokenId,
)
from assent.core.label import Label, LabelSource, LabelState
from assent.core.ports import Store
from assent.core.request import RejectedAs, RequestState
from assent.core.resource import Target
from assent.core.role import Permission
from assent.core.session import SessionState
from assent.core.subject import Subject, SubjectKind
from assent.core.token import Token, TokenKind
from conformance import store_builders as make
from conformance.store_builders import ANA, BEN, GRANT, HOUR, NOON, PUT_GRANT, PUT_REQUEST, SHOP

Expectation = Callable[[Store], Awaitable[None]]
EXPECTATIONS: list[Expectation] = []


def expected(expectation: Expectation) -> Expectation:
    EXPECTATIONS.append(expectation)
    return expectation


@expected
async def a_request_comes_back_as_it_was_put(store: Store) -> None:
    await store.commit([PUT_REQUEST], [])
    assert await store.request(RequestId("req_1")) == make.request()
    assert await store.request(RequestId("req_none")) is None


@expected
async def a_request_moves_only_from_the_state_that_is_expected(store: Store) -> None:
    await store.commit([PUT_REQUEST], [])
    approved = replace(make.request(), state=RequestState.APPROVED, changed_at=NOON + HOUR)
    await store.commit([PutRequest(approved, RequestState.PENDING)], [])
    with pytest.raises(ConflictFault, match="is `approved`, expected `pending`"):
        await store.commit([PutRequest(approved, RequestState.PENDING)], [])
    with pytest.raises(ConflictFault, match="does not exist"):
        await store.commit([PutRequest(make.request("req_2"), RequestState.PENDING)], [])
    assert await store.request(RequestId("req_1")) == approved


@expected
async def a_request_is_put_once(store: Store) -> None:
    await store.commit([PUT_REQUEST], [])
    with pytest.raises(ConflictFault):
        await store.commit([PUT_REQUEST], [])


@expected
async def requests_are_found_by_state_subject_and_session_newest_first(store: Store) -> None:
    first = make.request("req_1", session="ses_1")
    second = make.request("req_2", session="ses_2", created_at=NOON + HOUR, subject=BEN)
    third = make.request(
        "req_3", session=None, created_at=NOON + 2 * HOUR, state=RequestState.RELEASED
    )
    await store.commit([PutRequest(each) for each in (second, first, third)], [])
    await store.commit([PutApproval(make.approval("apr_1"))], [])
    first = replace(first, approvals=(make.approval("apr_1"),))
    assert await store.requests() == [third, second, first]
    assert await store.requests(limit=1) == [third]
    assert await store.requests([RequestState.PENDING]) == [second, first]
    assert await store.requests(subject=BEN) == [second]
    assert await store.requests(session=SessionId("ses_1")) == [first]


@expected
async def approvals_stand_in_the_order_in_which_they_came(store: Store) -> None:
    late, early = make.approval("apr_z", at=NOON + HOUR), make.approval("apr_a", ANA)
    await store.commit([PUT_REQUEST], [])
    await store.commit([PutApproval(late)], [])
    await store.commit([PutApproval(early)], [])
    found = await store.request(RequestId("req_1"))
    assert found is not None
    assert found.approvals == (late, early)


@expected
async def a_rejection_keeps_why(store: Store) -> None:
    ways: dict[str, RejectedAs | None] = {each.value: each for each in RejectedAs}
    given = tuple(
        make.rejection(f"apr_{name}", way, SubjectId(f"sub_{name}"))
        for name, way in {**ways, "unsaid": None}.items()
    )
    await store.commit([PUT_REQUEST, *(PutApproval(each) for each in given)], [])
    found = await store.request(RequestId("req_1"))
    assert found is not None
    assert found.approvals == given


@expected
async def a_person_answers_a_request_once(store: Store) -> None:
    await store.commit([PUT_REQUEST, PutApproval(make.approval("apr_1"))], [])
    with pytest.raises(ConflictFault, match="answered"):
        await store.commit([PutApproval(make.approval("apr_2"))], [])


@expected
async def a_change_that_names_nothing_that_exists_is_a_conflict(store: Store) -> None:
    with pytest.raises(ConflictFault):
        await store.commit([PutApproval(make.approval("apr_1", request="req_none"))], [])
    with pytest.raises(ConflictFault):
        await store.commit([PutSession(make.session())], [])


@expected
async def a_conflict_undoes_its_own_unit_with_its_entries_and_no_other(store: Store) -> None:
    await store.commit([PUT_GRANT], [])
    good, bad, entries_only = await asyncio.gather(
        store.commit([PutSession(make.session("ses_good"))], [make.entry("ent_good")]),
        store.commit([PutSession(make.session("ses_bad")), PUT_GRANT], [make.entry("ent_bad")]),
        store.commit([], [make.entry("ent_only")]),
        return_exceptions=True,
    )
    assert isinstance(bad, ConflictFault)
    assert good is None
    assert entries_only is None
    assert await store.session(SessionId("ses_bad")) is None
    assert await store.session(SessionId("ses_good")) == make.session("ses_good")
    named = [decode(each.leaf)["id"] for each in await store.entries()]
    assert named == ["ent_good", "ent_only"]


@expected
async def grants_are_valid_by_query_and_half_open(store: Store) -> None:
    later = make.grant("grt_2", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    elsewhere = make.grant("grt_3", target=TargetId("tgt_other"))
    await store.commit([PutGrant(each) for each in (make.grant(), later, elsewhere)], [])
    assert await store.grants(ANA, SHOP) == [later, make.grant()]
    assert await store.grants(ANA, SHOP, NOON) == [make.grant()]
    assert await store.grants(ANA, SHOP, NOON + HOUR) == [later]
    assert await store.grants(ANA, SHOP, NOON - timedelta(microseconds=1)) == []
    assert await store.grants(BEN) == []
    assert len(await store.grants(limit=2)) == 2


@expected
async def a_grant_is_revoked_once_and_for_ever(store: Store) -> None:
    await store.commit([PUT_GRANT], [])
    revoke = RevokeGrant(GRANT, NOON, BEN, "done")
    await store.commit([revoke], [])
    with pytest.raises(ConflictFault):
        await store.commit([replace(revoke, because="again")], [])
    with pytest.raises(ConflictFault):
        await store.commit([replace(revoke, grant=GrantId("grt_none"))], [])
    revoked = replace(make.grant(), revoked_at=NOON, revoked_by=BEN, revoked_because="done")
    assert await store.grant(GRANT) == revoked
    assert await store.grants(valid_at=NOON) == []


@expected
async def a_credential_opens_as_many_connections_as_it_has_left(store: Store) -> None:
    two = make.credential(connections_left=2)
    await store.commit([PUT_GRANT, PutCredential(two)], [])
    use = UseCredential(CredentialId("crd_1"), NOON)
    outcomes = await asyncio.gather(
        *(store.commit([use], []) for _ in range(5)), return_exceptions=True
    )
    assert [outcome is None for outcome in outcomes].count(True) == 2
    assert await store.credentials(ANA, SHOP, NOON) == []


@expected
async def an_expired_credential_is_neither_found_nor_used(store: Store) -> None:
    soon = make.credential("crd_2", expires_at=NOON + 2 * HOUR)
    await store.commit([PUT_GRANT, PutCredential(make.credential()), PutCredential(soon)], [])
    assert await store.credentials(ANA, SHOP, NOON) == [soon, make.credential()]
    assert await store.credentials(ANA, SHOP, NOON + HOUR) == [soon]
    assert await store.credentials(BEN, SHOP, NOON) == []
    with pytest.raises(ConflictFault, match="expired"):
        await store.commit([UseCredential(CredentialId("crd_1"), NOON + HOUR)], [])


@expected
async def a_credential_that_was_ended_opens_nothing(store: Store) -> None:
    personal = replace(make.credential(), grant=None)
    await store.commit([PutCredential(personal)], [])
    assert await store.credentials(ANA, SHOP, NOON) == [personal]
    end = EndCredential(CredentialId("crd_1"), NOON)
    await store.commit([end], [])
    assert await store.credentials(ANA, SHOP, NOON) == []
    with pytest.raises(ConflictFault, match="expired"):
        await store.commit([UseCredential(CredentialId("crd_1"), NOON)], [])
    with pytest.raises(ConflictFault, match="any more"):
        await store.commit([end], [])


@expected
async def a_credential_keeps_where_and_when_it_was_minted(store: Store) -> None:
    minted = replace(make.credential(), minted_from="192.0.2.7", minted_at=NOON)
    await store.commit([PUT_GRANT, PutCredential(minted)], [])
    assert await store.credentials(ANA, SHOP, NOON) == [minted]


@expected
async def a_session_ends_once(store: Store) -> None:
    await store.commit([PUT_GRANT, PutSession(make.session())], [])
    assert await store.sessions(open_only=True) == [make.session()]
    assert await store.sessions(but=ANA) == []
    await store.commit([EndSession(SessionId("ses_1"), NOON, "revoked", cut=True)], [])
    await store.commit([EndSession(SessionId("ses_1"), NOON + HOUR, "left")], [])
    cut = replace(make.session(), state=SessionState.CUT, ended_at=NOON, ended_because="revoked")
    assert await store.session(SessionId("ses_1")) == cut
    assert await store.sessions(ANA) == [cut]
    assert await store.sessions(open_only=True) == []


@expected
async def habits_are_counted(store: Store) -> None:
    read = CountHabit(ANA, SHOP, "sql.read", "public.orders", NOON)
    write = replace(read, verb="sql.write")
    await asyncio.gather(*(store.commit([read], []) for _ in range(5)))
    await store.commit([write, replace(read, times=3)], [])
    keys = [("sql.read", "public.orders"), ("sql.write", "public.orders"), ("sql.read", "other")]
    assert await store.habits(ANA, SHOP, keys) == {
        "sql.read public.orders": 8,
        "sql.write public.orders": 1,
        "sql.read other": 0,
    }
    assert await store.habits(BEN, SHOP, []) == {}
    many = [("sql.read", f"t{number}") for number in range(700)]
    assert len(await store.habits(ANA, SHOP, many)) == 700


@expected
async def lessons_are_read_oldest_first_of_all_of_a_session_or_since(store: Store) -> None:
    first, third = make.lesson("les_z"), make.lesson("les_b", at=NOON + 2 * HOUR)
    second = make.lesson("les_a", session=None, at=NOON + HOUR)
    await store.commit([PutLesson(third), PutLesson(first), make.put_lesson("les_c", BEN)], [])
    await store.commit([PutLesson(second)], [])
    assert await store.lessons(ANA) == [first, second, third]
    assert await store.lessons(ANA, SessionId("ses_1")) == [first, third]
    assert await store.lessons(ANA, since=NOON + HOUR) == [second, third]
    assert await store.lessons(ANA, SessionId("ses_1"), NOON + HOUR) == [third]
    assert await store.lessons(ANA, limit=2) == [first, second]
    assert await store.lessons(ANA, limit=-1) == []
    assert await store.lessons(SubjectId("sub_none")) == []


@expected
async def lessons_of_one_instant_stand_in_the_order_in_which_they_came(store: Store) -> None:
    given = [make.lesson(f"les_{name}") for name in "qzam"]
    await store.commit([PutLesson(each) for each in given[:3]], [])
    await store.commit([PutLesson(given[3])], [])
    assert await store.lessons(ANA) == given


@expected
async def a_lesson_that_is_put_again_was_learned_once(store: Store) -> None:
    flush: list[Change] = [make.put_lesson("les_1"), make.put_profile()]
    await store.commit(flush, [])
    await store.commit([*flush, make.put_lesson("les_2")], [])
    assert await store.lessons(ANA) == [make.lesson("les_1"), make.lesson("les_2")]


@expected
async def lessons_of_a_subject_are_dropped_by_name(store: Store) -> None:
    names = [f"les_{number:04}" for number in range(1_100)]
    await store.commit([make.put_lesson(name) for name in names], [])
    await store.commit([make.put_lesson("les_ben", BEN)], [])
    dropped = (*map(LessonId, names[:1_099]), LessonId("les_none"), LessonId("les_ben"))
    await store.commit([DropLessons(ANA, dropped), DropLessons(BEN, ())], [])
    assert await store.lessons(ANA) == [make.lesson("les_1099")]
    assert await store.lessons(BEN) == [make.lesson("les_ben", subject=BEN)]


@expected
async def a_profile_is_replaced(store: Store) -> None:
    assert await store.profile(ANA) is None
    every_byte = bytes(range(256)) * 20
    await store.commit([make.put_profile(b"first"), make.put_profile(b"", BEN)], [])
    await store.commit([make.put_profile(b"second"), make.put_profile(every_byte)], [])
    assert await store.profile(ANA) == every_byte
    assert await store.profile(BEN) == b""


@expected
async def profiles_are_read_in_pages_in_order_of_subject(store: Store) -> None:
    people = [SubjectId(f"sub_{number:03}") for number in range(25)]
    puts = [PutProfile(person, person.encode(), NOON) for person in people]
    await store.commit(list(reversed(puts)), [])
    pages, after = [], None
    while page := await store.profiles(after, limit=10):
        pages.append(page)
        after = page[-1][0]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [each for page in pages for each in page] == [(one, one.encode()) for one in people]
    assert len(await store.profiles()) == 25


@expected
async def a_subject_that_is_forgotten_leaves_nothing_learned(store: Store) -> None:
    habit = CountHabit(ANA, SHOP, "sql.read", "public.orders", NOON)
    of_ben: list[Change] = [
        replace(habit, subject=BEN),
        make.put_lesson("les_b", BEN),
        make.put_profile(b"b", BEN),
    ]
    await store.commit([habit, make.put_lesson("les_a"), make.put_profile(), *of_ben], [])
    await store.commit([ForgetSubject(ANA), ForgetSubject(SubjectId("sub_none"))], [])
    keys = [("sql.read", "public.orders")]
    assert await store.lessons(ANA) == []
    assert await store.profile(ANA) is None
    assert await store.habits(ANA, SHOP, keys) == {"sql.read public.orders": 0}
    assert await store.lessons(BEN) == [make.lesson("les_b", subject=BEN)]
    assert await store.profile(BEN) == b"b"
    assert await store.habits(BEN, SHOP, keys) == {"sql.read public.orders": 1}


@expected
async def what_is_learned_in_one_commit_is_learned_in_order(store: Store) -> None:
    habit = CountHabit(ANA, SHOP, "sql.read", "public.orders", NOON)
    before: list[Change] = [habit, make.put_lesson("les_before"), make.put_profile(b"before")]
    after: list[Change] = [
        replace(habit, times=2),
        make.put_lesson("les_after"),
        make.put_profile(b"after"),
    ]
    await store.commit([*before, ForgetSubject(ANA), *after], [])
    assert await store.lessons(ANA) == [make.lesson("les_after")]
    assert await store.profile(ANA) == b"after"
    counted = await store.habits(ANA, SHOP, [("sql.read", "public.orders")])
    assert counted == {"sql.read public.orders": 2}
    await store.commit([make.put_lesson("les_1"), DropLessons(ANA, (LessonId("les_1"),))], [])
    assert await store.lessons(ANA) == [make.lesson("les_after")]


@expected
async def what_a_conflict_undoes_was_not_learned_either(store: Store) -> None:
    await store.commit([PUT_GRANT, make.put_profile(b"kept")], [])
    event = PutSecurityEvent(make.security_event())
    bad, good = await asyncio.gather(
        store.commit([make.put_lesson("les_bad"), event, PUT_GRANT, ForgetSubject(ANA)], []),
        store.commit([make.put_lesson("les_good")], []),
        return_exceptions=True,
    )
    assert isinstance(bad, ConflictFault)
    assert good is None
    assert await store.lessons(ANA) == [make.lesson("les_good")]
    assert await store.profile(ANA) == b"kept"
    assert await store.security_events(ANA, NOON) == []


@expected
async def a_lesson_that_the_database_refuses_fails_alone(store: Store) -> None:
    naive = PutLesson(make.lesson("les_naive", at=NOON.replace(tzinfo=None)))
    refused, taken = await asyncio.gather(
        store.commit([naive, PUT_GRANT], []),
        store.commit([make.put_lesson("les_1")], []),
        return_exceptions=True,
    )
    assert isinstance(refused, OutsideFault)
    assert taken is None
    assert await store.lessons(ANA) == [make.lesson("les_1")]
    assert await store.grant(GRANT) is None


@expected
async def security_events_are_read_newest_first_since_an_instant(store: Store) -> None:
    old = make.security_event("session-revoked", at=NOON - HOUR)
    new = make.security_event("risk-level-change", at=NOON + HOUR)
    one, other = make.security_event("one"), make.security_event("other")
    of_ben = make.security_event(subject=BEN)
    await store.commit([PutSecurityEvent(each) for each in (new, one, other, old, of_ben)], [])
    assert await store.security_events(ANA, NOON) == [new, other, one]
    assert await store.security_events(ANA, NOON - HOUR, limit=1) == [new]
    assert await store.security_events(ANA, NOON - HOUR) == [new, other, one, old]
    assert await store.security_events(BEN, NOON) == [of_ben]
    assert await store.security_events(BEN, NOON + HOUR) == []


@expected
async def a_subject_is_replaced_and_keeps_its_password(store: Store) -> None:
    ana = Subject(ANA, "ana", groups=frozenset({"dba", "owners"}), display_name="Ana")
    robot = Subject(BEN, "bot", SubjectKind.AGENT, on_behalf_of=ANA, verified=False)
    await store.commit([PutSubject(robot), PutSubject(ana, "argon")], [])
    renamed = replace(ana, name="anna", disabled=True)
    await store.commit([PutSubject(renamed)], [])
    assert await store.subjects() == [renamed, robot]
    kept = await store.password_hash(ANA)
    assert kept is not None
    assert kept.reveal() == "argon"
    assert await store.password_hash(BEN) is None
    with pytest.raises(ConflictFault):
        await store.commit([PutSubject(replace(robot, name="anna"))], [])


@expected
async def a_target_is_replaced(store: Store) -> None:
    shop = Target(
        SHOP,
        "shop",
        "postgres",
        "localhost",
        5432,
        "shop",
        "app",
        "file:pw",
        owners=frozenset({"dba"}),
        labels={"public.customers.email": frozenset({"pii", "email"})},
    )
    await store.commit([PutTarget(shop)], [])
    moved = replace(shop, port=5433)
    await store.commit([PutTarget(moved)], [])
    assert await store.targets() == [moved]


@expected
async def labels_are_read_by_target_in_order(store: Store) -> None:
    email = make.label("public.customers.email", "pii.email")
    card = make.label("public.cards.pan", "pci.card", source=LabelSource.RULE)
    other = replace(card, target=TargetId("tgt_other"))
    await store.commit([PutLabel(email), PutLabel(card), PutLabel(other)], [])
    assert await store.labels(SHOP) == [card, email]
    assert await store.labels() == [other, card, email]
    assert await store.labels(TargetId("tgt_none")) == []


@expected
async def a_label_is_suggested_once(store: Store) -> None:
    await store.commit([PutLabel(make.label("public.c.email", "pii.email"))], [])
    with pytest.raises(ConflictFault, match="stands already"):
        await store.commit([PutLabel(make.label("public.c.email", "pii.email", matched=9))], [])
    assert [label.matched for label in await store.labels(SHOP)] == [190]


@expected
async def a_label_moves_only_from_the_state_that_is_expected(store: Store) -> None:
    label = make.label("public.c.email", "pii.email")
    approved = replace(label, state=LabelState.APPROVED, at=NOON + HOUR, by=BEN)
    with pytest.raises(ConflictFault, match="does not stand as `suggested` any more"):
        await store.commit([PutLabel(approved, LabelState.SUGGESTED)], [])
    await store.commit([PutLabel(label)], [])
    await store.commit([PutLabel(approved, LabelState.SUGGESTED)], [])
    assert await store.labels(SHOP) == [approved]
    with pytest.raises(ConflictFault, match="does not stand as `suggested` any more"):
        await store.commit([PutLabel(approved, LabelState.SUGGESTED)], [])
    plain = Label(SHOP, "public.c", "pii", LabelState.REJECTED, LabelSource.HAND)
    await store.commit([PutLabel(plain)], [])
    assert await store.labels(SHOP) == [plain, approved]


@expected
async def a_token_steps_up_and_is_dropped(store: Store) -> None:
    put = PutToken(
        Token(
            id=TokenId("tok_1"),
            digest="d" * 64,
            subject=ANA,
            kind=TokenKind.API,
            method="password",
            issued_at=NOON,
            expires_at=NOON + HOUR,
            permissions=frozenset({Permission.ASK}),
            provider="oidc:test",
            provider_session="s1",
        )
    )
    await store.commit([put], [])
    with pytest.raises(ConflictFault):
        await store.commit([put], [])
    await store.commit([StepUp("d" * 64, NOON + HOUR)], [])
    token = await store.token("d" * 64)
    assert token is not None
    assert (token.subject, token.method, token.issued_at) == (ANA, "password", NOON)
    assert (token.expires_at, token.stepped_up_at) == (NOON + HOUR, NOON + HOUR)
    assert token.permissions == {Permission.ASK}
    assert await store.tokens(subject=ANA) == [token]
    assert await store.tokens(provider="oidc:test", provider_session="s1") == [token]
    assert await store.tokens(provider="oidc:other") == []
    await store.commit([DropToken("d" * 64), DropToken("unknown")], [])
    assert await store.token("d" * 64) is None
    with pytest.raises(ConflictFault):
        await store.commit([StepUp("d" * 64, NOON)], [])


@expected
async def entries_are_numbered_densely_in_the_order_of_their_units(store: Store) -> None:
    units = [
        [make.entry(f"ent_{unit}_{each}", text="what they wrote") for each in range(3)]
        for unit in range(20)
    ]
    await asyncio.gather(*(store.commit([], unit) for unit in units))
    stored = await store.entries(limit=1_000)
    assert [each.index for each in stored] == list(range(60))
    named = [decode(each.leaf)["id"] for each in stored]
    assert named == [each.id for unit in units for each in unit]
    assert stored[7].content == b'{"text":"what they wrote"}'
    assert b"what they wrote" not in (stored[7].payload or b"")
    assert len({each.payload for each in stored}) == 60
    assert await store.entries(start=58) == stored[58:]
    assert await store.entries(start=3, limit=2) == stored[3:5]


@expected
async def entries_are_found_by_what_they_name(store: Store) -> None:
    entries = [
        make.entry("ent_0", request="req_1"),
        make.entry("ent_1", session="ses_1", text="x"),
        make.entry("ent_2"),
        make.entry("ent_3", request="req_1", session="ses_2"),
    ]
    await store.commit([], entries)

    async def about(request: str | None, session: str | None) -> list[int]:
        found = await store.entries_about(
            RequestId(request) if request else None, SessionId(session) if session else None
        )
        return [each.index for each in found]

    assert await store.entry(EntryId("ent_1")) == (await store.entries())[1]
    assert await store.entry(EntryId("ent_none")) is None
    assert await about("req_1", None) == [0, 3]
    assert await about(None, "ses_1") == [1]
    assert await about("req_1", "ses_1") == [0, 1, 3]
    assert await about(None, None) == []


@expected
async def a_time_that_goes_back_is_taken_as_it_is(store: Store) -> None:
    await store.commit([], [make.entry("ent_0", at=NOON + HOUR)])
    await store.commit([], [make.entry("ent_1", at=NOON)])
    times = [decode(each.leaf)["at"] for each in await store.entries()]
    assert times == ["2026-03-01T13:00:00.123456Z", "2026-03-01T12:00:00.123456Z"]


@expected
async def an_entry_that_the_log_cannot_take_fails_alone(store: Store) -> None:
    huge = Entry(EntryId("ent_huge"), EntryKind.RESULT, NOON, facts={"text": "x" * 70_000})
    with pytest.raises(OutsideFault, match="ent_huge"):
        await store.commit([PUT_GRANT], [huge])
    assert await store.grant(GRANT) is None


@expected
async def an_entry_id_stands_in_the_log_once(store: Store) -> None:
    await store.commit([], [make.entry("ent_0")])
    again, other = await asyncio.gather(
        store.commit([PUT_GRANT], [make.entry("ent_0")]),
        store.commit([], [make.entry("ent_1")]),
        return_exceptions=True,
    )
    assert isinstance(again, ConflictFault)
    assert other is None
    assert await store.grant(GRANT) is None
    assert len(await store.entries()) == 2


@expected
async def a_value_that_the_database_refuses_fails_alone(store: Store) -> None:
    naive = make.grant("grt_naive", starts_at=NOON.replace(tzinfo=None))
    refused, taken = await asyncio.gather(
        store.commit([PutGrant(naive)], []), store.commit([PUT_GRANT], []), return_exceptions=True
    )
    assert isinstance(refused, OutsideFault)
    assert taken is None
    assert await store.grant(GRANT) == make.grant()


@expected
async def a_checkpoint_is_signed_over_all_that_is_committed(store: Store) -> None:
    assert await store.checkpoint() is None
    await store.commit([], [make.entry(f"ent_{number}") for number in range(11)])
    published = await store.publish()
    hashes = [leaf_hash(each.leaf) for each in await store.entries()]
    assert (published.size, published.root) == (11, root_of(hashes))
    verifier = parse_verifier(make.SIGNER.verifier_key)
    body = parse_checkpoint(open_note(published.note, [verifier]).text)
    assert (body.origin, body.size, body.root) == (make.SIGNER.name, 11, published.root)
    assert await store.publish() == published
    await store.commit([], [make.entry("ent_more")])
    newer = await store.publish()
    assert await store.checkpoint() == newer
    assert await store.checkpoints() == [published, newer]


@expected
async def a_checkpoint_over_nothing_can_be_signed(store: Store) -> None:
    empty, again = await asyncio.gather(store.publish(), store.publish())
    assert empty == again
    assert empty.size == 0


@expected
async def a_closed_store_takes_nothing(store: Store) -> None:
    await store.close()
    with pytest.raises(OutsideFault):
        await store.commit([], [make.entry("ent_0")])
    with pytest.raises(OutsideFault):
        await store.entries()
    await store.close()
