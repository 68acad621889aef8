"""A channel of a group tells those of the group, and everybody what is loud."""

from assent.notifiers.audience import ForGroups
from channel_notices import BEN, DORA, a_notice
from channels import Channel


async def test_only_people_of_the_groups_are_told() -> None:
    chat = Channel("dba-chat")
    channel = ForGroups(chat, ["dba"])
    assert channel.name == "dba-chat"
    assert await channel.send(a_notice(), (BEN, DORA), "") == "message-1"
    assert chat.told == [("request.asked", ("ben",))]


async def test_what_is_for_nobody_of_them_is_not_told() -> None:
    chat = Channel()
    assert await ForGroups(chat, ["dba"]).send(a_notice(), (DORA,), "") == ""
    assert await ForGroups(chat, ["dba"]).send(a_notice(to=()), (), "") == ""
    assert chat.told == []


async def test_what_is_loud_is_told_to_whoever_it_is_for() -> None:
    chat = Channel()
    await ForGroups(chat, ["dba"]).send(a_notice(loud=True), (DORA,), "before")
    assert chat.told == [("request.asked", ("dora",))]
    assert chat.earlier == ["before"]
