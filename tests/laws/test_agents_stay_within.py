"""An agent never has more than the person behind it, whatever is changed in whatever order."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.control.directory import Directory
from assent.core.ids import SubjectId
from assent.core.role import Role
from assent.core.subject import Subject, SubjectKind

GROUPS = ("engineers", "dba", "security", "auditors", "administrators")
PERSON, AGENT, SERVICE = SubjectId("sub_ana"), SubjectId("sub_bot"), SubjectId("sub_ci")

some_groups = st.frozensets(st.sampled_from(GROUPS))
some_roles = st.frozensets(st.sampled_from([Role.OPERATOR, Role.SECURITY, Role.AUDITOR]))


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    kind = draw(st.sampled_from(list(SubjectKind)))
    plain = Subject(
        {SubjectKind.HUMAN: PERSON, SubjectKind.AGENT: AGENT, SubjectKind.WORKLOAD: SERVICE}[kind],
        kind.value,
        kind=kind,
        groups=draw(some_groups),
        roles=draw(some_roles),
        disabled=draw(st.booleans()),
    )
    if kind is SubjectKind.HUMAN:
        return plain
    acts_for = PERSON if kind is SubjectKind.AGENT else None
    return replace(plain, owner=PERSON, on_behalf_of=acts_for)


@settings(max_examples=200, deadline=None)
@given(st.lists(subjects(), max_size=12))
def test_an_agent_is_within_its_person_after_every_change(changes: list[Subject]) -> None:
    directory = Directory()
    for change in changes:
        directory.put_subject(change)
        known = {one.id: one for one in directory.subjects()}
        person = known.get(PERSON)
        for machine in (known.get(AGENT), known.get(SERVICE)):
            if machine is None:
                continue
            assert machine.disabled or (person is not None and not person.disabled)
        agent = known.get(AGENT)
        if agent is not None and person is not None:
            assert agent.groups <= person.groups
            assert agent.roles <= person.roles
            assert directory.permissions_of(agent) <= directory.permissions_of(person)


@given(subjects(), some_groups)
def test_what_was_taken_from_a_person_comes_back_to_the_agent_with_it(
    agent: Subject, groups: frozenset[str]
) -> None:
    person = Subject(PERSON, "ana", groups=frozenset(GROUPS))
    agent = replace(agent, id=AGENT, name="bot", kind=SubjectKind.AGENT, owner=PERSON)
    agent = replace(agent, on_behalf_of=PERSON)
    directory = Directory((person, agent))
    before = directory.subject(AGENT)
    directory.put_subject(replace(person, groups=groups))
    assert directory.subject(AGENT).groups == before.groups & groups
    directory.put_subject(person)
    assert directory.subject(AGENT) == before
