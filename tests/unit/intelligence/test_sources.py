"""What answers for the operator's services, built as the configuration says."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.intelligence import sources
from assent.intelligence.settings import IssueTrackerConfig, OnCallConfig
from builders import FixedClock
from operator_service import serving

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def reveal(reference: str) -> Secret[str]:
    return Secret(f"revealed {reference}")


async def test_groups_are_asked_of_the_rota_or_of_the_service_named_for_them() -> None:
    at_end: list[Callable[[], Awaitable[None]]] = []
    with serving() as service:
        service.body = b'["eve"]'
        entries = (
            OnCallConfig("dba", ("ben",)),
            OnCallConfig(url=service.url, token="env:TOKEN"),
        )
        found = sources.on_call(entries, reveal, FixedClock(), at_end.append)
        assert found is not None
        assert list(await found.on_call("dba", NOW)) == ["ben"]
        assert list(await found.on_call("security", NOW)) == ["eve"]
        assert service.asked[0][3] == "Bearer revealed env:TOKEN"
        assert "group=security" in service.asked[0][1]
        for done in at_end:
            await done()
    assert len(at_end) == 1


async def test_the_tracker_is_asked_over_http_and_may_be_away() -> None:
    at_end: list[Callable[[], Awaitable[None]]] = []
    with serving() as service:
        service.body = b'{"status": "open"}'
        settings = IssueTrackerConfig(service.url, "env:SECRET")
        tracker = sources.issue_tracker(settings, reveal, FixedClock(), at_end.append)
        assert tracker is not None
        assert await tracker.look_up("OPS-1", "ana", "shop") == "open"
        service.status = 503
        with pytest.raises(OutsideFault, match="503"):
            await tracker.look_up("OPS-1", "ana", "shop")
        await at_end[0]()


def test_without_configuration_nothing_is_built() -> None:
    at_end: list[Callable[[], Awaitable[None]]] = []
    assert sources.on_call((), reveal, FixedClock(), at_end.append) is None
    assert sources.issue_tracker(IssueTrackerConfig(), reveal, FixedClock(), at_end.append) is None
    assert at_end == []
