"""The directory: by id, by name, replaced as a whole."""

from dataclasses import replace

import pytest

from assent.control.directory import Directory
from assent.core.faults import MissingFault
from assent.core.ids import SubjectId, TargetId
from assent.core.subject import SubjectKind
from builders import ANA, BEN, SHOP

OTHER = replace(SHOP, id=TargetId("tgt_archive"), name="archive")


def test_who_is_there_is_found_by_id_and_by_name() -> None:
    directory = Directory((ANA, BEN), (SHOP, OTHER))
    assert directory.subject(ANA.id) is directory.subject_named("ana") is ANA
    assert directory.target(SHOP.id) is directory.target_named("shop") is SHOP
    assert directory.targets() == (OTHER, SHOP)
    assert set(directory.subjects()) == {ANA, BEN}


def test_who_is_not_there_is_a_fault_by_id_and_none_by_name() -> None:
    directory = Directory()
    with pytest.raises(MissingFault, match="`sub_x`"):
        directory.subject(SubjectId("sub_x"))
    with pytest.raises(MissingFault, match="`tgt_x`"):
        directory.target(TargetId("tgt_x"))
    assert directory.subject_named("ana") is None
    assert directory.target_named("shop") is None


def test_replacing_leaves_nothing_of_before() -> None:
    directory = Directory((ANA,), (SHOP,))
    directory.replace((BEN,), ())
    assert directory.subject_named("ana") is None
    assert directory.targets() == ()


def test_people_are_called_by_their_names() -> None:
    assert Directory((ANA, BEN), ()).names == {ANA.id: "ana", BEN.id: "ben"}


def test_an_agent_is_in_the_line_of_reporting_of_who_is_behind_it() -> None:
    led = replace(ANA, reports_to=(BEN.id,))
    agent = replace(
        BEN,
        id=SubjectId("sub_bot"),
        name="bot",
        kind=SubjectKind.AGENT,
        on_behalf_of=ANA.id,
    )
    assert Directory((agent, led), ()).subject(agent.id).reports_to == (BEN.id,)
    own = replace(agent, reports_to=(SubjectId("sub_moe"),))
    assert Directory((own, led), ()).subject(own.id).reports_to == (*own.reports_to, BEN.id)
