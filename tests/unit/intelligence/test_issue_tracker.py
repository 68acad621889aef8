"""The issue tracker's webhook: signed, and believed only where it says what is known."""

import hashlib
import hmac
import json
from collections.abc import Mapping

import pytest

from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.intelligence.issue_tracker import IssueTrackerHook
from builders import NOON, FixedClock


def hook(
    answer: object, sent: list[tuple[bytes, Mapping[str, str]]] | None = None
) -> IssueTrackerHook:
    async def post(body: bytes, headers: Mapping[str, str]) -> object:
        if sent is not None:
            sent.append((body, headers))
        return answer

    return IssueTrackerHook(post, Secret("shared"), FixedClock())


async def test_what_is_sent_can_be_checked_by_whoever_shares_the_secret() -> None:
    sent: list[tuple[bytes, Mapping[str, str]]] = []
    assert await hook({"status": "open"}, sent).look_up("OPS-1", "ana", "shop") == "open"
    body, headers = sent[0]
    assert json.loads(body) == {"ticket": "OPS-1", "subject": "ana", "target": "shop"}
    stamp = headers["assent-timestamp"]
    assert stamp == str(int(NOON.timestamp()))
    expected = hmac.new(b"shared", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["assent-signature"] == f"v1={expected}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "closed"}, "closed"),
        ({"status": "unknown"}, "unknown"),
        ({"status": "open", "for": ["ana", "ben"]}, "open"),
        ({"status": "open", "for": ["ben"]}, "unknown"),
        ({"status": "open", "for": []}, "unknown"),
        ({"status": "open", "for": "ana"}, "unknown"),
    ],
)
async def test_a_ticket_counts_for_those_whom_it_is_for(answer: object, said: str) -> None:
    assert await hook(answer).look_up("OPS-1", "ana", "shop") == said


@pytest.mark.parametrize("answer", [{}, [], "open", {"status": "OPEN"}, {"status": ["open"]}, None])
async def test_any_other_answer_is_none(answer: object) -> None:
    with pytest.raises(OutsideFault, match="no known status"):
        await hook(answer).look_up("OPS-1", "ana", "shop")
