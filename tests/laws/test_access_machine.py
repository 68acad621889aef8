"""No order of events gives more than was asked and approved, or brings back what was ended.

A state machine over one control plane on a real store: people ask, answer, offer, accept, comment,
delegate, leave, come back, are disabled; grants are extended, given back, revoked; time passes;
the process ends and the next one goes on. `test_answers_laws.py` has the laws of one request's
answers, `test_control_release.py` those of held statements: nothing is let go twice.
`test_replay_laws.py` says that a replay gives the recorded decision, and `test_policy_laws.py` that
a forbid added permits nothing.
"""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import builders
from assent.control.session_credentials import Opened
from assent.core.assenting import holds, is_member
from assent.core.faults import Fault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import GrantId, RequestId, SubjectId
from assent.core.request import Request, Verdict
from assent.core.scope import Budget, Scope, Terms
from assent.core.subject import Subject, SubjectKind
from assent.workflow.narrowing import is_within, terms_of
from assent.workflow.request import TERMINAL
from assent.workflow.wishes import ANYTHING, Wish
from builders import MINUTE, PEOPLE, POLICIES, SHOP, World, a_caller, a_subject, a_world, policies

Result = TypeVar("Result")

RULES = policies(
    POLICIES.replace("approve: 1 of dba", "approve: 2 of dba")
    + """
@id("delegate") @max_duration("2d")
permit (principal, action == Action::"delegation.give", resource == System::"delegations");
"""
)
LONGEST = 25 * MINUTE
TARGET = replace(SHOP, longest_grant_s=int(LONGEST.total_seconds()))
TEMPS, BOTH = frozenset({"temps"}), frozenset({"temps", "dba"})
# Those who ask may be asked, too; the robot acts for Tim, and says it is a DBA.
AGENT = replace(
    a_subject("robot", "temps", "dba"), kind=SubjectKind.AGENT, on_behalf_of=SubjectId("sub_tim")
)
CAST = (*(a_subject(name, *BOTH) for name in ("tim", "ben", "dora", "eve")), AGENT)
NAMES = tuple(person.name for person in CAST)
MOST_ASKED = 5
WISHES = (
    ANYTHING,
    Wish(scope=Scope(read_only=True)),
    Wish(scope=Scope(resources=frozenset({"public.orders"})), budget=Budget(writes=5)),
)
OFFERS = (
    Terms(5 * MINUTE),
    Terms(scope=Scope(read_only=True)),
    Terms(10 * MINUTE, Scope(read_only=True), Budget(writes=3)),
    Terms(timedelta(days=3)),
)
who = st.sampled_from(NAMES)
# Mostly those whose answers can count, or nothing would ever be granted.
voters = st.sampled_from(("ben", "dora", "eve", "ben", "dora", "eve", "tim", "robot"))
which = st.integers(0, MOST_ASKED - 1)


class Access(RuleBasedStateMachine):
    """asked: every request for access, as it was first asked. over: grants that were revoked."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="assent-laws-")
        self.runner = asyncio.Runner()
        self.building = a_world(Path(self.folder.name))
        self.world: World = self.runner.run(self.building.__aenter__())
        self.people: dict[str, Subject] = {person.name: person for person in CAST}
        self.asked: list[Request] = []
        self.seen: set[GrantId] = set()
        self.over: dict[GrantId, Grant] = {}
        self.world.policies.replace(RULES)
        self.tell_the_directory()

    def teardown(self) -> None:
        try:
            self.runner.run(self.building.__aexit__(None, None, None))
        finally:
            self.runner.close()
            self.folder.cleanup()

    # What happens.

    @precondition(lambda self: len(self.asked) < MOST_ASKED)
    @rule(
        name=st.sampled_from(("tim", "tim", "eve", "robot")),
        minutes=st.sampled_from((1, 20, 600)),
        wish=st.sampled_from(WISHES),
    )
    def asks(self, name: str, minutes: int, wish: Wish) -> None:
        request = self.done(
            self.world.access.ask(
                a_caller(self.people[name]), "shop", minutes * MINUTE, "", "", wish
            )
        )
        if request is not None:
            self.asked.append(request)

    @precondition(lambda self: self.asked)
    @rule(name=voters, other=voters, number=which)
    def two_approve(self, name: str, other: str, number: int) -> None:
        for each in (name, other):
            self.answers(each, number, Verdict.APPROVE)
            self.what_is_new_was_approved_by_two_others()

    @precondition(lambda self: len(self.asked) < MOST_ASKED)
    @rule(
        name=st.sampled_from(("tim", "eve")),
        minutes=st.sampled_from((20, 600)),
        wish=st.sampled_from(WISHES),
    )
    def asks_and_everybody_approves(self, name: str, minutes: int, wish: Wish) -> None:
        before = len(self.asked)
        self.asks(name, minutes, wish)
        if len(self.asked) > before:
            for each in ("robot", "tim", "ben", "dora", "eve"):
                self.answers(each, before, Verdict.APPROVE)
                self.what_is_new_was_approved_by_two_others()

    @precondition(lambda self: self.asked)
    @rule(name=voters, number=which, verdict=st.sampled_from(Verdict))
    def answers(self, name: str, number: int, verdict: Verdict) -> None:
        caller, request = a_caller(self.people[name]), self.chosen(number)
        self.done(self.world.requests.answer(caller, request, verdict, "because"))

    @precondition(lambda self: self.asked)
    @rule(name=voters, number=which, terms=st.sampled_from(OFFERS))
    def offers(self, name: str, number: int, terms: Terms) -> None:
        caller = a_caller(self.people[name])
        self.done(self.world.offers.offer(caller, self.chosen(number), terms, "less will do"))

    @precondition(lambda self: self.asked)
    @rule(name=who, number=which)
    def accepts(self, name: str, number: int) -> None:
        request = self.run(self.world.stored(self.chosen(number)))
        offered = [one.id for one in request.approvals if one.terms]
        for name_of_requester in (name, self.name_of(request.action.subject)):
            caller = a_caller(self.people[name_of_requester])
            chosen = offered[-1] if offered else None
            self.done(self.world.offers.accept(caller, request.id, chosen))

    @precondition(lambda self: self.asked)
    @rule(name=who, number=which, what=st.sampled_from(("comment", "retract", "withdraw")))
    def says_something_else(self, name: str, number: int, what: str) -> None:
        caller, request = a_caller(self.people[name]), self.chosen(number)
        if what == "comment":
            self.done(self.world.comments.comment(caller, request, "hm"))
        elif what == "retract":
            self.done(self.world.retracting.retract(caller, request))
        else:
            self.done(self.world.requests.withdraw(caller, request))

    @rule(name=who, to=who, lasts_for=st.sampled_from((MINUTE, timedelta(hours=9))))
    def delegates(self, name: str, to: str, lasts_for: timedelta) -> None:
        caller = a_caller(self.people[name])
        self.done(self.world.delegating.give(caller, "dba", to, lasts_for, ""))

    @rule(name=who)
    def extends(self, name: str) -> None:
        caller = a_caller(self.people[name])
        request = self.done(self.world.access.extend(caller, "shop", 20 * MINUTE, "", ""))
        if request is not None and len(self.asked) < 2 * MOST_ASKED:
            self.asked.append(request)

    @rule(name=who)
    def uses_or_gives_back(self, name: str) -> None:
        caller = a_caller(self.people[name])
        valid = self.world.grants.valid(caller.subject.id, SHOP.id, self.world.clock.now())
        if valid:
            opened = self.done(self.world.access.connect(caller, "shop", None, "", "", 1))
            assert opened is None or isinstance(opened, Opened)
            self.done(self.world.grants.give_back(caller, "shop", "done"))

    @rule(number=st.integers(0, 9))
    def security_revokes(self, number: int) -> None:
        grants = sorted(self.seen)
        if grants:
            caller = a_caller(PEOPLE[3])  # Carl, of security.
            grant = grants[number % len(grants)]
            self.done(self.world.grants.revoke(caller, grant, "no more of this"))

    @rule(
        name=who,
        groups=st.sampled_from((BOTH, TEMPS, BOTH)),
        disabled=st.sampled_from((False, False, True)),
    )
    def somebody_becomes_something_else(
        self, name: str, groups: frozenset[str], disabled: bool
    ) -> None:
        self.people[name] = replace(self.people[name], groups=groups, disabled=disabled)
        self.tell_the_directory()

    @rule()
    def everybody_is_what_they_were(self) -> None:
        self.people = {person.name: person for person in CAST}
        self.tell_the_directory()

    @rule(name=who, away=st.booleans())
    def goes_or_comes_back(self, name: str, away: bool) -> None:
        caller, until = a_caller(self.people[name]), self.world.clock.now() + timedelta(hours=3)
        absences = self.world.absences
        self.done(absences.away(caller, until) if away else absences.back(caller))

    @rule(minutes=st.sampled_from((1, 1, 4, 14, 40)))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(minutes * MINUTE)
        self.run(self.world.sweep.once())
        self.run(self.world.timers.once())

    @rule(refused=st.sampled_from(("grant.issued", "request.changed", "request.settled")))
    def the_store_refuses_from_now_on(self, refused: str) -> None:
        self.world.store.refused_kinds = {refused}

    @rule()
    def the_store_takes_everything_again(self) -> None:
        self.world.store.refused_kinds = set()

    @rule()
    def the_process_ends_and_another_goes_on(self) -> None:
        self.world.store.refused_kinds = set()
        before = self.world
        self.world = builders._wire(before.store, before.clock, before.ids, RULES, {})
        self.tell_the_directory()
        plane = self.world.plane
        for part in (
            plane.grants, plane.delegations, plane.absences, self.world.waiting,
            self.world.resuming, self.world.answers,
        ):  # fmt: skip
            self.run(part.recover())
        self.run(self.world.waiting.carry_out())

    # What must be so whatever happened.

    @invariant()
    def what_is_new_was_approved_by_two_others(self) -> None:
        for grant in self.run(self.world.store.grants(limit=1_000)):
            if grant.id in self.seen or grant.kind is not GrantKind.ACCESS:
                continue
            self.seen.add(grant.id)
            event("granted")
            assert grant.request is not None
            request = self.run(self.world.stored(grant.request))
            self.is_no_more_than_asked(grant, request)
            self.rests_on_two_others(request)

    @invariant()
    def what_was_revoked_stays_revoked(self) -> None:
        live = {
            grant.id
            for name in NAMES
            for grant in self.world.grants.held(
                self.people[name].id, SHOP.id, self.world.clock.now()
            )
        }
        for grant in self.run(self.world.store.grants(limit=1_000)):
            before = self.over.get(grant.id)
            if before is not None:
                assert grant == before
            if grant.revoked_at is not None:
                self.over[grant.id] = grant
                assert grant.id not in live
            if grant.id in live:
                assert grant.is_valid(self.world.clock.now())

    @invariant()
    def one_request_gives_one_grant(self) -> None:
        grants = self.run(self.world.store.grants(limit=1_000))
        requests = [grant.request for grant in grants if grant.request is not None]
        assert len(requests) == len(set(requests))

    @invariant()
    def what_people_are_told_is_so_in_the_store(self) -> None:
        due = self.run(self.world.store.due_deliveries(self.world.clock.now(), limit=1_000))
        for notice, _ in due:
            if notice.request is None:
                continue
            request = self.run(self.world.stored(notice.request))
            if notice.topic in {"request.settled", "request.answered"}:
                assert request.state in TERMINAL
            if notice.topic == "request.asked":
                assert set(notice.to) <= set(request.asked)

    # What the rules and the laws are made of.

    def is_no_more_than_asked(self, grant: Grant, request: Request) -> None:
        given = Terms(grant.ends_at - grant.starts_at, grant.scope, grant.budget)
        assert is_within(given, terms_of(request.action.details))
        first = next((one for one in self.asked if one.id == request.id), None)
        if first is not None:
            assert is_within(given, terms_of(first.action.details))
        assert grant.ends_at - grant.starts_at <= LONGEST
        assert grant.subject == request.action.subject

    def rests_on_two_others(self, request: Request) -> None:
        """Two people, each of an authority of their own, are for exactly this; neither is tied."""
        requester = self.known(request.action.subject)
        own = {requester.id, requester.on_behalf_of}
        now, digest = self.world.clock.now(), request.action.digest()
        authorities: list[tuple[SubjectId, SubjectId]] = []
        for answer in request.approvals:
            if answer.verdict is Verdict.REJECT or answer.withdrawn_at is not None:
                continue
            person = self.known(answer.approver)
            tied = person.id in own or person.on_behalf_of == requester.id
            if answer.action_digest != digest or person.disabled or tied:
                continue
            if person.kind is not SubjectKind.HUMAN:
                continue
            if is_member(person, "dba"):
                authorities.append((person.id, person.id))
            authorities += [
                (person.id, one.by)
                for one in self.world.delegations.of(person.id, now)
                if one.by not in own and holds(one, self.known(one.by))
            ]
        assert any(
            first[0] != second[0] and first[1] != second[1]
            for first, second in permutations(authorities, 2)
        ), (request, authorities)

    def chosen(self, number: int) -> RequestId:
        return self.asked[number % len(self.asked)].id

    def known(self, subject: SubjectId) -> Subject:
        return next(person for person in self.people.values() if person.id == subject)

    def name_of(self, subject: SubjectId) -> str:
        return self.known(subject).name

    def tell_the_directory(self) -> None:
        people = {person.name: person for person in PEOPLE} | self.people
        self.world.directory.replace(people.values(), (TARGET,))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        async def in_time() -> Result:
            async with asyncio.timeout(20):
                return await work

        return self.runner.run(in_time())

    def done(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Return what came of it; what is refused must have changed nothing."""
        with suppress(Fault):
            return self.run(work)
        return None


TestAccess = Access.TestCase
TestAccess.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
