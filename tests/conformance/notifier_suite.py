"""What every channel must keep. A channel passes by being listed in `test_notifier_suite.py`.

Each expectation takes a bench: a channel, and its other end; its name is a sentence that is true.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from assent.core.faults import Fault, OutsideFault
from assent.core.ids import NoticeId
from assent.core.ports import Notifier
from channel_notices import BEN, DORA, HOSTILE, a_notice


@dataclass
class Bench:
    """A channel with its other end.

    refuse: have the other end fail, for now. hang: have it not answer. went: what arrived, one text
    for each message there is. secrets: what nobody may be shown.
    """

    channel: Notifier
    refuse: Callable[[], None]
    hang: Callable[[], None]
    went: Callable[[], Sequence[str]]
    secrets: Sequence[str]
    changes_in_place: bool = False


@dataclass(frozen=True)
class Around:
    """What a test may look at beside the bench."""

    log: pytest.LogCaptureFixture
    printed: pytest.CaptureFixture[str]


Expectation = Callable[[Bench, Around], Awaitable[None]]
EXPECTATIONS: list[Expectation] = []


def expected(expectation: Expectation) -> Expectation:
    EXPECTATIONS.append(expectation)
    return expectation


async def failing(bench: Bench) -> Fault:
    with pytest.raises(Fault) as caught:
        await bench.channel.send(a_notice(), (BEN,), "")
    return caught.value


@expected
async def a_notice_arrives_with_what_it_says_and_its_link(bench: Bench, around: Around) -> None:
    await bench.channel.send(a_notice(), (BEN,), "")
    (text,) = bench.went()
    assert "ana: sql.delete on shop" in text
    assert "carts of last year" in text
    assert "https://assent.test/requests/req_1" in text


@expected
async def it_has_the_name_that_it_was_given(bench: Bench, around: Around) -> None:
    assert bench.channel.name == "ops"


@expected
async def an_end_that_fails_is_a_fault_of_the_outside(bench: Bench, around: Around) -> None:
    bench.refuse()
    assert isinstance(await failing(bench), OutsideFault)


@expected
async def an_end_that_hangs_is_a_fault_of_the_outside_in_time(bench: Bench, around: Around) -> None:
    bench.hang()
    async with asyncio.timeout(5):
        fault = await failing(bench)
    assert isinstance(fault, OutsideFault)
    assert "did not answer within" in fault.detail


@expected
async def what_was_sent_can_be_sent_again(bench: Bench, around: Around) -> None:
    await bench.channel.send(a_notice(), (BEN,), "")
    await bench.channel.send(a_notice(), (BEN,), "")
    assert len(bench.went()) == 2


@expected
async def no_secret_is_shown_by_a_channel_a_fault_or_a_log(bench: Bench, around: Around) -> None:
    around.log.set_level(logging.DEBUG)
    await bench.channel.send(a_notice(), (BEN,), "")
    bench.refuse()
    fault = await failing(bench)
    out, err = around.printed.readouterr()
    shown = "\n".join((repr(bench.channel), str(vars(bench.channel)), str(fault), out, err))
    shown += f"{fault!r}{fault.__cause__!r}" + around.log.text
    assert bench.secrets
    for secret in bench.secrets:
        assert secret not in shown


@expected
async def long_and_hostile_texts_arrive_bounded(bench: Bench, around: Around) -> None:
    long = replace(a_notice(), headline=HOSTILE * 400, lines=(HOSTILE * 400,) * 500)
    await bench.channel.send(long, (BEN,) * 500, "")
    (text,) = bench.went()
    assert 100 < len(text) < 200_000
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text


@expected
async def a_notice_for_nobody_in_particular_is_no_fault(bench: Bench, around: Around) -> None:
    await bench.channel.send(a_notice(to=(), request=None, thread=""), (), "")


@expected
async def a_notice_without_words_is_no_fault(bench: Bench, around: Around) -> None:
    await bench.channel.send(a_notice(headline="", lines=("", " \n")), (BEN, DORA), "")
    assert len(bench.went()) == 1


@expected
async def a_link_that_a_browser_should_not_open_is_left_out(bench: Bench, around: Around) -> None:
    for link in ("javascript:alert(1)", 'https://a.test/">x', "https://a.test/|b>", "/requests/1"):
        await bench.channel.send(a_notice(link=link), (BEN,), "")
        assert link not in bench.went()[-1]


@expected
async def a_reference_that_means_nothing_posts_anew(bench: Bench, around: Around) -> None:
    await bench.channel.send(a_notice(), (BEN,), "nonsense \r\n <x>")
    assert len(bench.went()) == 1


@expected
async def a_later_notice_changes_the_message_where_that_is_possible(
    bench: Bench, around: Around
) -> None:
    reference = await bench.channel.send(a_notice(), (BEN,), "")
    settled = a_notice(
        "request.settled", id=NoticeId("ntc_2"), headline="settled: it is over", lines=()
    )
    again = await bench.channel.send(settled, (BEN,), reference)
    went = bench.went()
    assert "settled: it is over" in went[-1]
    assert len(went) == (1 if bench.changes_in_place else 2)
    assert (again == reference) is (bench.changes_in_place or not reference)


@expected
async def a_reference_is_short_enough_to_be_kept(bench: Bench, around: Around) -> None:
    assert len(await bench.channel.send(a_notice(), (BEN,) * 200, "")) <= 300
